// A PEFT adapter as a choice of vitune's methods and their trained parameters: what a run folder holds, so that it can be
// evaluated, compared, weakened (WiSE) and trained on like a run of one's own.
import { CheckpointError } from '../../base/errors.ts';
import { float32, type Tensor } from '../../base/tensor.ts';
import { type ConfiguredMethod, configureMethod, type MethodChoice, methods } from '../../methods/index.ts';
import type { CommonForm, LayerForm } from '../../methods/peft-form.ts';
import { backboneParameters, type LinearPart, type VitConfig } from '../../model/config.ts';
import { type LinearSite, linearSite } from '../../model/sites.ts';
import type { Change, PeftAdapter } from './read.ts';

export interface Expressed {
  readonly methods: readonly MethodChoice[];
  /** Every trained parameter, the head's included, by vitune's names. */
  readonly tensors: ReadonlyMap<string, Tensor<'float32'>>;
}

const linearParts: readonly LinearPart[] = ['q', 'k', 'v', 'proj', 'fc1', 'fc2'];

const sitesOf = (config: VitConfig): LinearSite[] =>
  Array.from({ length: config.depth }, (_, block) => linearParts.map((part) => linearSite(config, block, part))).flat();

/** What the changed layers have in common, or why they have too little. */
function commonForm(adapter: PeftAdapter, config: VitConfig): CommonForm | string | undefined {
  const { changes } = adapter;
  if (changes.size === 0) return undefined;
  const sites = sitesOf(config);
  const outside = [...changes.keys()].find((name) => !sites.some((site) => site.name === name));
  if (outside !== undefined) return `it changes ${outside}, which is no layer of a block`;
  const partsWith = (test: (change: Change) => boolean) =>
    linearParts.filter((part) => {
      const change = changes.get(`blocks.0.${part.startsWith('fc') ? 'mlp' : 'attn'}.${part}`);
      return change !== undefined && test(change);
    });
  const targets = partsWith(() => true);
  if (targets.length * config.depth !== changes.size) return 'its layers are not the same in every block';
  const [first] = changes.values();
  if (first!.kind === 'factors')
    return {
      kind: 'factors',
      inputs: partsWith((change) => change.kind === 'factors' && change.side === 'input'),
      outputs: partsWith((change) => change.kind === 'factors' && change.side === 'output'),
    };
  const low = [...changes.values()].filter((change) => change.kind === 'low_rank');
  if (low.some(({ bias }) => bias)) return 'its updates have biases (lora_bias)';
  if (low.some(({ a }) => a.shape[0] !== first!.a.shape[0])) return 'its layers have different ranks';
  if (low.some(({ factor }) => factor !== first!.factor)) return 'its layers have different alphas';
  return {
    kind: 'low_rank',
    rank: first!.a.shape[0]!,
    factor: first!.factor,
    targets,
    joint: targets.includes('q') && changes.get('blocks.0.attn.k') !== undefined && sharesA(changes),
    magnitudes: first!.magnitude !== undefined,
    dropout: adapter.config.peft_type === 'LORA' ? adapter.config.lora_dropout : 0,
  };
}

function sharesA(changes: ReadonlyMap<string, Change>): boolean {
  const [q, k] = ['q', 'k'].map((part) => changes.get(`blocks.0.attn.${part}`));
  return q?.kind === 'low_rank' && k?.kind === 'low_rank' && q.a === k.a;
}

/** The tensors of one change under the names of a method's form. */
function named(form: LayerForm, change: Change): readonly (readonly [string, Tensor<'float32'>])[] {
  if (form.kind === 'factors') return change.kind === 'factors' ? [[form.vector, change.vector]] : [];
  if (change.kind !== 'low_rank') return [];
  return [
    [form.a, change.a],
    [form.b, change.b],
    ...(form.magnitude !== undefined && change.magnitude ? [[form.magnitude, change.magnitude] as const] : []),
  ];
}

/** The method that trains just these parameters of the backbone and inserts nothing. */
function trainingMethod(names: ReadonlySet<string>, config: VitConfig): ConfiguredMethod | undefined {
  const parameters = backboneParameters(config);
  const trains = ({ method, options }: ConfiguredMethod) => {
    const own = parameters.filter((parameter) => method.trains?.(parameter, options, config));
    return own.length === names.size && own.every(({ name }) => names.has(name));
  };
  return methods
    .filter((method) => method.at === undefined && method.trains)
    .flatMap((method) => [
      configureMethod({ name: method.name }),
      ...Object.entries(method.options).flatMap(([key, option]) =>
        option.type === 'choice'
          ? option.choices.map((choice) => configureMethod({ name: method.name, options: { [key]: choice } }))
          : [],
      ),
    ])
    .find(trains);
}

/** The half of a classifier on class token and mean patch that reads the class token, if the other one is zero. */
function ofClassToken({ shape, data }: Tensor<'float32'>): Tensor<'float32'> | undefined {
  const [K, width] = shape as [number, number];
  const C = width / 2;
  if (data.some((x, i) => i % width >= C && x !== 0)) return undefined;
  return float32(
    [K, C],
    data.filter((_, i) => i % width < C),
  );
}

/** Throws CheckpointError with the reason where no choice of methods is this adapter. */
export function expressPeft(adapter: PeftAdapter, config: VitConfig): Expressed {
  const cannot = (why: string) =>
    new CheckpointError(`${adapter.folder}: no choice of vitune's methods is this adapter: ${why}`);
  const { changes, replaced } = adapter;
  if (!replaced.has('head.weight')) throw cannot('it brings no classifier (modules_to_save)');
  const chosen: ConfiguredMethod[] = [];
  const tensors = new Map<string, Tensor<'float32'>>();

  const common = commonForm(adapter, config);
  if (typeof common === 'string') throw cannot(common);
  if (common) {
    const found = methods
      .map((method) => ({ method, options: method.peft?.options(common) }))
      .find(({ options }) => options !== undefined);
    if (!found) throw cannot('no method has such changes');
    const configured = configureMethod({ name: found.method.name, options: found.options! });
    chosen.push(configured);
    for (const site of sitesOf(config))
      for (const form of found.method.peft!.layer(configured.options, site))
        for (const [name, tensor] of named(form, changes.get(site.name)!)) tensors.set(name, tensor);
  }

  const whole = new Set([...replaced.keys()].filter((name) => !name.startsWith('head.')));
  if (whole.size > 0) {
    const training = trainingMethod(whole, config);
    if (!training) throw cannot(`no method trains just ${[...whole].slice(0, 3).join(', ')}`);
    chosen.push(training);
  }
  for (const [name, tensor] of replaced) tensors.set(name, tensor);
  if (adapter.base.pooling !== config.pooling) {
    const weight = ofClassToken(replaced.get('head.weight')!);
    if (!weight) throw cannot('its classifier reads the mean patch as well, and a new head here the class token alone');
    tensors.set('head.weight', weight);
  }
  return { methods: chosen.map(({ method, options }) => ({ name: method.name, options })), tensors };
}
