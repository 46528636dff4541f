// npm run published -- FILE: makes reference/published.json.gz from one JSON array of the result files that the published
// study's authors released (see reference/README.md). Renames, sorts nothing, and stores trials by column.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

interface Trial {
  readonly params: Readonly<Record<string, number | boolean>>;
  readonly [metric: string]: unknown;
}

interface Released {
  readonly protocol: string;
  readonly path: string;
  readonly method: string;
  readonly test_top1: number;
  readonly best_epoch_test_top1: number;
  readonly parameters: number;
  readonly best: Trial['params'];
  readonly trials: readonly Trial[];
  readonly evaluations?: Readonly<Record<string, unknown>>;
}

/** The authors' names -> ours, with the paper's spelling. */
const methods: Readonly<Record<string, readonly [name: string, title: string]>> = {
  linear: ['linear', 'Linear'],
  full: ['full', 'Full'],
  bitfit: ['bitfit', 'BitFit'],
  ln: ['layernorm', 'LayerNorm'],
  difffit: ['difffit', 'DiffFit'],
  ssf: ['ssf', 'SSF'],
  vpt_shallow: ['vpt-shallow', 'VPT-Shallow'],
  vpt_deep: ['vpt-deep', 'VPT-Deep'],
  lora_p_adapter: ['pfeiffer', 'Pfeiffer'],
  rand_h_adapter: ['houlsby', 'Houlsby'],
  adaptformer: ['adaptformer', 'AdaptFormer'],
  repadapter: ['repadapter', 'RepAdapter'],
  convpass: ['convpass', 'ConvPass'],
  lora: ['lora', 'LoRA'],
  fact_tt: ['fact-tt', 'FacT-TT'],
  fact_tk: ['fact-tk', 'FacT-TK'],
};

/** Path in the release -> protocol, set, its title and group, and the number of training pictures where a curve uses it. */
const sets: Readonly<
  Record<string, readonly [protocol: string, set: string, title: string, group: string, pictures: number]>
> = {
  'processed_vtab/cifar': ['vtab', 'cifar100', 'CIFAR-100', 'natural', 1000],
  'processed_vtab/caltech101': ['vtab', 'caltech101', 'Caltech101', 'natural', 1000],
  'processed_vtab/dtd': ['vtab', 'dtd', 'DTD', 'natural', 1000],
  'processed_vtab/oxford_flowers102': ['vtab', 'flowers102', 'Flowers102', 'natural', 1000],
  'processed_vtab/oxford_iiit_pet': ['vtab', 'pets', 'Pets', 'natural', 1000],
  'processed_vtab/svhn': ['vtab', 'svhn', 'SVHN', 'natural', 1000],
  'processed_vtab/sun397': ['vtab', 'sun397', 'SUN397', 'natural', 1000],
  'processed_vtab/patch_camelyon': ['vtab', 'camelyon', 'Patch Camelyon', 'specialised', 1000],
  'processed_vtab/eurosat': ['vtab', 'eurosat', 'EuroSAT', 'specialised', 1000],
  'processed_vtab/resisc45': ['vtab', 'resisc45', 'RESISC45', 'specialised', 1000],
  'processed_vtab/diabetic_retinopathy': ['vtab', 'retinopathy', 'Diabetic Retinopathy', 'specialised', 1000],
  'processed_vtab/clevr_count': ['vtab', 'clevr-count', 'CLEVR count', 'structured', 1000],
  'processed_vtab/clevr_dist': ['vtab', 'clevr-distance', 'CLEVR distance', 'structured', 1000],
  'processed_vtab/dmlab': ['vtab', 'dmlab', 'DMLab', 'structured', 1000],
  'processed_vtab/kitti': ['vtab', 'kitti', 'KITTI distance', 'structured', 1000],
  'processed_vtab/dsprites_loc': ['vtab', 'dsprites-location', 'dSprites location', 'structured', 1000],
  'processed_vtab/dsprites_ori': ['vtab', 'dsprites-orientation', 'dSprites orientation', 'structured', 1000],
  'processed_vtab/smallnorb_azi': ['vtab', 'smallnorb-azimuth', 'smallNORB azimuth', 'structured', 1000],
  'processed_vtab/smallnorb_ele': ['vtab', 'smallnorb-elevation', 'smallNORB elevation', 'structured', 1000],
  'processed_vtab/cifar_aug_norm': ['vtab-augmented', 'cifar100', 'CIFAR-100', 'natural', 1000],
  'cifar100/1k': ['1k-augmented', 'cifar100', 'CIFAR-100', 'natural', 1000],
  'cifar100/500': ['many-shot', 'cifar100', 'CIFAR-100', 'natural', 500],
  'cifar100/full': ['many-shot', 'cifar100', 'CIFAR-100', 'natural', 50000],
  'resisc/225': ['many-shot', 'resisc45', 'RESISC45', 'specialised', 225],
  'resisc/full': ['many-shot', 'resisc45', 'RESISC45', 'specialised', 25200],
  'clevr/clevr': ['many-shot', 'clevr-distance', 'CLEVR distance', 'structured', 70000],
  'fs/imagenet': ['robustness', 'imagenet-100-shot', 'ImageNet, 100 a class', 'natural', 100000],
};

/** Test sets of the robustness protocol: name in the release -> here. */
const evaluated: Readonly<Record<string, string>> = {
  'fs-imagenet': 'in-distribution',
  'imagenet-v2': 'imagenet-v2',
  'imagenet-r': 'imagenet-r',
  'imagenet-s': 'imagenet-s',
  'imagenet-a': 'imagenet-a',
};
const curveOf = (key: string): string => (key === 'fs-imagenet' ? key : `eval_${key}`);
// The release writes 57.779999999999994 where five folds were averaged; three decimals hold all of its digits.
const round = (x: number): number => Math.round(x * 1000) / 1000;

const source = process.argv[2];
if (source === undefined) throw new Error('usage: npm run published -- FILE (a JSON array of the released results)');
const released = JSON.parse(readFileSync(source, 'utf8')) as Released[];

const grids: { names: string[]; points: (number | boolean)[][] }[] = [];
const gridIds = new Map<string, number>();
function gridOf(trials: readonly Trial[]): number {
  const names = Object.keys(trials[0]!.params);
  const grid = { names, points: trials.map(({ params }) => names.map((name) => params[name]!)) };
  const key = JSON.stringify(grid);
  const known = gridIds.get(key);
  if (known !== undefined) return known;
  gridIds.set(key, grids.length);
  return grids.push(grid) - 1;
}

const results = released.map((r) => {
  const place = r.path.slice(0, r.path.lastIndexOf('/'));
  const [protocol, set, , , pictures] = sets[place]!;
  const sized = /^(.+?)_(\d+)$/.exec(r.method);
  const [method] = methods[sized ? sized[1]! : r.method]!;
  const columns = Object.keys(r.trials[0]!).filter((key) => key !== 'params');
  const evaluations = r.evaluations as
    | (Record<string, { avg_acc: number }> & { merge?: Record<string, number[]> | null })
    | undefined;
  const curves = evaluations?.merge ?? undefined;
  return {
    protocol,
    set,
    pictures,
    method,
    ...(sized && { size: Number(sized[2]) }),
    test: r.test_top1,
    bestEpochTest: r.best_epoch_test_top1,
    parameters: r.parameters,
    grid: gridOf(r.trials),
    best: r.trials.findIndex((t) => JSON.stringify(t.params) === JSON.stringify(r.best)),
    trials: Object.fromEntries(columns.map((c) => [c, r.trials.map((t) => round(t[c] as number))])),
    ...(evaluations && {
      shifts: Object.fromEntries(
        Object.entries(evaluated)
          .map(([key, name]) => [name, evaluations[key]?.avg_acc ?? curves?.[curveOf(key)]?.at(-1)])
          .filter(([, top1]) => top1 !== undefined),
      ),
    }),
    ...(curves && {
      wise: Object.fromEntries(Object.entries(evaluated).map(([key, name]) => [name, curves[curveOf(key)]])),
    }),
  };
});

const out = {
  source: { paper: 'https://arxiv.org/abs/2409.16434', released: 'https://github.com/OSU-MLB/ViT_PEFT_Vision' },
  methods: Object.values(methods).map(([name, title]) => ({
    name,
    title,
    trains: name === 'linear' ? 'head' : name === 'full' ? 'all' : 'few',
    ...(name.startsWith('vpt') && { prompts: 'vpt_num' }),
  })),
  sets: [...new Map(Object.values(sets).map(([, name, title, group]) => [name, { name, title, group }])).values()],
  grids,
  results,
};
const packed = gzipSync(JSON.stringify(out), { level: 9 });
writeFileSync(new URL('../reference/published.json.gz', import.meta.url), packed);
console.log(
  `${results.length} results, ${released.reduce((n, r) => n + r.trials.length, 0)} trials, ${packed.length} bytes`,
);
