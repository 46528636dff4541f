// vitune train: tunes a model on a folder of pictures.
import { join } from 'node:path';
import { Command, Help, Option } from 'commander';
import { OptionError, RunError } from '../../base/errors.ts';
import type { OptionTable } from '../../base/options.ts';
import { locateData } from '../../data/locate.ts';
import { configureProtocol, defaultProtocol, protocolNamed, protocols } from '../../data/protocols/index.ts';
import { defaultMethod, methodNamed, methodNames, methods } from '../../methods/index.ts';
import { defaultModel, locateModel } from '../../model/locate.ts';
import { type Device, devices } from '../../runtime/session.ts';
import { presets } from '../../train/presets.ts';
import { runTraining } from '../../train/run.ts';
import { type FeatureCacheMode, featureCacheModes } from '../../train/run-context.ts';
import { readJson, runFiles } from '../../train/run-folder.ts';
import { parseRunSpec, type RunSpec } from '../../train/spec.ts';
import { dataOptions, trainingOptions } from '../../train/training-options.ts';
import { addFlags, flagName, valuesFrom } from '../flags.ts';
import { printJson } from '../output.ts';
import { createProgress } from '../progress.ts';
import { type RoundResult, roundsTable } from '../rounds.ts';

interface Flags extends Record<string, unknown> {
  readonly model?: string;
  readonly method?: string;
  readonly preset?: string;
  readonly protocol?: string;
  readonly round?: string;
  readonly device: Device;
  readonly threads?: number;
  readonly featureCache: FeatureCacheMode;
  readonly out?: string;
  readonly resume?: boolean;
  readonly strict?: boolean;
  readonly wiseCurve?: boolean;
  readonly json?: boolean;
}

export function train(): Command {
  const command = new Command('train')
    .description('tune a model on a folder of pictures')
    .argument(
      '[data]',
      'folder of class folders, with or without train/, val/, test/, what --source lists, or a built-in set (vitune data list)',
    )
    .option(
      '--model <name|path>',
      `built-in model, folder with config.json and weights, or a weight file (default ${defaultModel})`,
    )
    .option(
      '--method <name>',
      `what is trained (vitune methods lists all; several by +, e.g. lora+bitfit; default ${defaultMethod})`,
    )
    .option('--preset <name>', `defaults: ${presets.map((p) => `${p.name} = ${p.summary}`).join('; ')}`)
    .option(
      '--protocol <name>',
      `how the data is divided (vitune data protocols lists all; default ${defaultProtocol})`,
    )
    .option('--round <name>', "one of the protocol's runs (default: all, one after the other)")
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--threads <n>', 'threads (default: all cores)', wholeNumber)
    .addOption(
      new Option('--feature-cache <mode>', 'keep on disk what the frozen part of the network makes of each picture')
        .choices([...featureCacheModes])
        .default('auto'),
    )
    .option('--out <folder>', "the run's folder (default: runs/<data>-<method>-<id>)")
    .option('--resume', 'go on where the run in --out stopped')
    .option('--strict', 'fail at the first unreadable picture instead of skipping it')
    .option('--wise-curve', 'where there are shifted test sets: test at every alpha of WiSE-FT too, into wise.json')
    .option('--json', 'print one event a line as JSON');
  addFlags(command, dataOptions, { owner: 'train', group: 'Data:' });
  addFlags(command, trainingOptions, { owner: 'train', group: 'Training:' });
  for (const { name, options } of methods)
    addFlags(command, options, { owner: 'train', group: groupOf(name), prefix: name });
  for (const { name, options } of protocols)
    addFlags(command, options, { owner: 'train', group: `Protocol ${name}:`, prefix: name });
  command
    .configureHelp({ visibleOptions: optionsInHelp })
    .addHelpText('after', "\nA method's own options: vitune train --method NAME --help");
  return command.action(async (data: string | undefined, flags: Flags) => {
    const specs = await specsFrom(data, flags);
    const stop = new AbortController();
    const interrupt = () => {
      if (stop.signal.aborted) process.exit(130); // the second Ctrl-C doesn't wait
      stop.abort();
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    const { resume, strict, device, threads, featureCache, wiseCurve: wise, json } = flags;
    const { signal } = stop;
    const progress = createProgress();
    const results: RoundResult[] = [];
    try {
      for (const spec of specs) {
        if (stop.signal.aborted) break;
        const folder = flags.out && specs.length > 1 ? join(flags.out, spec.protocol.round) : flags.out;
        if (specs.length > 1 && resume && folder && (await isDone(folder))) continue;
        for await (const event of runTraining({
          spec,
          folder,
          resume,
          strict,
          device,
          threads,
          featureCache,
          wise,
          signal,
        })) {
          if (json) printJson(event);
          else progress.show(event);
          if (event.type === 'interrupted') process.exitCode = 130;
          if (event.type === 'done') results.push({ round: spec.protocol.round, val: event.val, tests: event.tests });
          await new Promise(setImmediate); // native steps block; let a signal in
        }
      }
      if (!json && results.length > 1) console.error(roundsTable(results));
    } finally {
      progress.clear();
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    }
  });
}

const isDone = async (folder: string): Promise<boolean> =>
  (await readJson<{ status?: string }>(join(folder, runFiles.spec)))?.status === 'done';

const groupOf = (method: string): string => `Method ${method}:`;

/** All options but those of methods that aren't chosen: there are too many to find anything among them. */
function optionsInHelp(this: Help, command: Command): Option[] {
  const chosen = String(command.opts<Flags>().method ?? '').split('+');
  const hidden = methods.filter(({ name }) => !chosen.includes(name)).map(({ name }) => groupOf(name));
  return Help.prototype.visibleOptions
    .call(this, command)
    .filter((option) => !hidden.includes(option.helpGroupHeading ?? ''));
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 1024)
    throw new OptionError(`train: option --threads must be a whole number from 1 to 1024, got "${text}"`);
  return n;
}

/** The specs of the flags, one a round of the protocol; with --resume and nothing else, that of the folder. */
async function specsFrom(data: string | undefined, flags: Flags): Promise<RunSpec[]> {
  if (data === undefined) {
    if (!flags.resume || !flags.out)
      throw new OptionError('train: needs a data folder: vitune train DATA [--model M] [--method NAME]');
    const held = await readJson<{ spec: RunSpec }>(join(flags.out, runFiles.spec));
    if (!held) throw new RunError(`${flags.out}: holds no run to resume`);
    return [parseRunSpec(held.spec as Parameters<typeof parseRunSpec>[0])];
  }
  const chosen = methodNames(flags.method).map(methodNamed);
  const protocol = protocolNamed(flags.protocol ?? defaultProtocol);
  requireOwn(flags, 'method', methods, chosen);
  requireOwn(flags, 'protocol', protocols, [protocol]);
  const options = valuesFrom(flags, protocol.options, protocol.name);
  const rounds = flags.round === undefined ? configureProtocol({ name: protocol.name, options }).rounds : [flags.round];
  return rounds.map((round) =>
    parseRunSpec({
      data: locateData(data),
      model: locateModel(flags.model ?? defaultModel),
      methods: chosen.map((method) => ({
        name: method.name,
        options: valuesFrom(flags, method.options, method.name),
      })),
      ...(flags.preset === undefined ? {} : { preset: flags.preset }),
      training: valuesFrom(flags, trainingOptions),
      dataOptions: valuesFrom(flags, dataOptions),
      protocol: { name: protocol.name, round, options },
    }),
  );
}

interface WithOptions {
  readonly name: string;
  readonly options: OptionTable;
}

/** Throws OptionError for a flag of a method or protocol that isn't a chosen one. */
function requireOwn(flags: Flags, kind: string, all: readonly WithOptions[], chosen: readonly WithOptions[]): void {
  for (const other of all) {
    const stray = Object.keys(valuesFrom(flags, other.options, other.name));
    if (!chosen.includes(other) && stray.length > 0)
      throw new OptionError(
        `train: ${flagName(other.name, stray[0]!)} belongs to ${kind} ${other.name}, but the ${kind} is ${chosen.map((c) => c.name).join('+')}`,
      );
  }
}
