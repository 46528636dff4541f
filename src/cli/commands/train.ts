// vitune train: tunes a model on a folder of pictures.
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { OptionError, RunError } from '../../base/errors.ts';
import { defaultMethod, methodNamed, methodNames, methods } from '../../methods/index.ts';
import { defaultModel, locateModel } from '../../model/locate.ts';
import { type Device, devices } from '../../runtime/session.ts';
import { presets } from '../../train/presets.ts';
import { runTraining } from '../../train/run.ts';
import { readJson, runFiles } from '../../train/run-folder.ts';
import { parseRunSpec, type RunSpec } from '../../train/spec.ts';
import { dataOptions, trainingOptions } from '../../train/training-options.ts';
import { addFlags, kebab, valuesFrom } from '../flags.ts';
import { printJson } from '../output.ts';
import { createProgress } from '../progress.ts';

interface Flags extends Record<string, unknown> {
  readonly model?: string;
  readonly method?: string;
  readonly preset?: string;
  readonly device: Device;
  readonly threads?: number;
  readonly out?: string;
  readonly resume?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function train(): Command {
  const command = new Command('train')
    .description('tune a model on a folder of pictures')
    .argument('[data]', 'folder of class folders, with or without train/, val/, test/')
    .option(
      '--model <name|folder>',
      `built-in model or folder with config.json and model.safetensors (default ${defaultModel})`,
    )
    .option(
      '--method <name>',
      `what is trained (vitune methods lists all; several by +, e.g. lora+bitfit; default ${defaultMethod})`,
    )
    .option('--preset <name>', `defaults: ${presets.map((p) => `${p.name} = ${p.summary}`).join('; ')}`)
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--threads <n>', 'threads (default: all cores)', wholeNumber)
    .option('--out <folder>', "the run's folder (default: runs/<data>-<method>-<id>)")
    .option('--resume', 'go on where the run in --out stopped')
    .option('--strict', 'fail at the first unreadable picture instead of skipping it')
    .option('--json', 'print one event a line as JSON');
  addFlags(command, dataOptions, 'train');
  addFlags(command, trainingOptions, 'train');
  for (const method of methods) addFlags(command, method.options, 'train', method.name);
  return command.action(async (data: string | undefined, flags: Flags) => {
    const spec = await specFrom(data, flags);
    const stop = new AbortController();
    const interrupt = () => {
      if (stop.signal.aborted) process.exit(130); // the second Ctrl-C doesn't wait
      stop.abort();
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    const { out: folder, resume, strict, device, threads, json } = flags;
    const progress = createProgress();
    try {
      for await (const event of runTraining({ spec, folder, resume, strict, device, threads, signal: stop.signal })) {
        if (json) printJson(event);
        else progress.show(event);
        if (event.type === 'interrupted') process.exitCode = 130;
        await new Promise(setImmediate); // native steps block; let a signal in
      }
    } finally {
      progress.clear();
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    }
  });
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 1024)
    throw new OptionError(`train: option --threads must be a whole number from 1 to 1024, got "${text}"`);
  return n;
}

/** The spec of the flags; with --resume and nothing else, that of the folder. */
async function specFrom(data: string | undefined, flags: Flags): Promise<RunSpec> {
  if (data === undefined) {
    if (!flags.resume || !flags.out)
      throw new OptionError('train: needs a data folder: vitune train DATA [--model M] [--method NAME]');
    const held = await readJson<{ spec: RunSpec }>(join(flags.out, runFiles.spec));
    if (!held) throw new RunError(`${flags.out}: holds no run to resume`);
    return parseRunSpec(held.spec as Parameters<typeof parseRunSpec>[0]);
  }
  const chosen = methodNames(flags.method).map(methodNamed);
  for (const other of methods) {
    const stray = Object.keys(valuesFrom(flags, other.options, other.name));
    if (!chosen.includes(other) && stray.length > 0)
      throw new OptionError(
        `train: --${other.name}-${kebab(stray[0]!)} belongs to method ${other.name}, but the method is ${chosen.map((m) => m.name).join('+')}`,
      );
  }
  return parseRunSpec({
    data: resolve(data),
    model: locateModel(flags.model ?? defaultModel),
    methods: chosen.map((method) => ({
      name: method.name,
      options: valuesFrom(flags, method.options, method.name),
    })),
    ...(flags.preset === undefined ? {} : { preset: flags.preset }),
    training: valuesFrom(flags, trainingOptions),
    dataOptions: valuesFrom(flags, dataOptions),
  });
}
