// vitune advise: which method for these pictures, from the published study and short probes.
import { Command, Option } from 'commander';
import colors from 'picocolors';
import type { Advice, AdvisedMethod } from '../../advise/advice.ts';
import { advise as ask } from '../../advise/advise.ts';
import { adviceNumbers, advicePreset, trainingAt } from '../../advise/options.ts';
import type { StartPoint } from '../../advise/warm-start.ts';
import { OptionError } from '../../base/errors.ts';
import { methodNames } from '../../methods/index.ts';
import { defaultModel } from '../../model/locate.ts';
import { type Device, devices } from '../../runtime/session.ts';
import { dataOptions } from '../../train/training-options.ts';
import { createAdviceProgress } from '../advice-progress.ts';
import { addFlags, flagName, kebab, valuesFrom } from '../flags.ts';
import { count, duration, percent, printJson, shortPath, table } from '../output.ts';

interface Flags extends Record<string, unknown> {
  readonly model?: string;
  readonly budget: number;
  readonly methods?: string;
  readonly out?: string;
  readonly device: Device;
  readonly threads?: number;
  readonly json?: boolean;
}

const units = { s: 1, m: 60, min: 60, h: 3600 } as const;

/** `30m` -> seconds. Throws OptionError. */
export function seconds(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h)$/.exec(text.trim()) ?? [];
  if (number === undefined)
    throw new OptionError(`advise: option --budget must be a time such as 90s, 30m or 2h, got "${text}"`);
  return Number(number) * units[unit as keyof typeof units];
}

const quoted = (text: string): string => (/^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The command that trains a method at a point, with what was given for the data. */
export function trainCommand(advice: Advice, method: string, point: StartPoint, given: readonly string[]): string {
  const options = Object.entries(point.options).flatMap(([name, value]) =>
    value === true ? [flagName(method, name)] : value === false ? [] : [flagName(method, name), String(value)],
  );
  const training = Object.entries(trainingAt(point, advice.epochs)).flatMap(([name, value]) => [
    `--${kebab(name)}`,
    String(value),
  ]);
  return [
    ...['vitune', 'train', quoted(shortPath(advice.data)), '--model', quoted(shortPath(advice.model))],
    ...['--method', method, '--preset', advicePreset, ...options, ...training, ...given],
  ].join(' ');
}

/** The flags of the data as they were given. */
const givenFlags = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${kebab(name)}`] : [`--${kebab(name)}`, quoted(String(value))],
  );

function row({ method, standing, expected, seconds: time, secondsMeasured, parameters, reason }: AdvisedMethod) {
  const range = `${percent(expected.estimate)} [${(100 * expected.low).toFixed(0)}, ${(100 * expected.high).toFixed(0)}]`;
  return [method, range, `${secondsMeasured ? '' : '~'}${duration(time)}`, count(parameters), standing, reason];
}

export function advise(): Command {
  const command = new Command('advise')
    .description('which method for these pictures? from the published study and short probes')
    .argument('<data>', 'pictures as train takes them; test pictures are left alone')
    .option('--model <name|path>', `built-in model, folder or weight file (default ${defaultModel})`)
    .addOption(
      new Option('--budget <time>', 'for probes, e.g. 90s, 30m, 2h; 0s = none').argParser(seconds).default(600, '10m'),
    )
    .option('--methods <names>', 'choose among these only, separated by commas')
    .option('--out <folder>', 'where probes are kept (default: runs/<data>-advice-<id>)')
    .addOption(new Option('--device <name>', 'where to run').choices([...devices]).default('cpu'))
    .option('--threads <n>', 'threads (default: all cores)', Number)
    .option('--json', 'print the advice as JSON');
  addFlags(command, adviceNumbers, { owner: 'advise', group: 'Advice:' });
  addFlags(command, dataOptions, { owner: 'advise', group: 'Data:' });
  command.addHelpText('after', '\nThe same command goes on where it was stopped, and with a larger budget.');
  return command.action(async (data: string, flags: Flags) => {
    const stop = new AbortController();
    const interrupt = () => {
      if (stop.signal.aborted) process.exit(130); // the second Ctrl-C doesn't wait
      stop.abort();
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    const progress = createAdviceProgress();
    const ofData = valuesFrom(flags, dataOptions);
    try {
      for await (const event of ask({
        ...{ data, model: flags.model, budget: flags.budget, dataOptions: ofData, folder: flags.out },
        ...{ device: flags.device, threads: flags.threads, signal: stop.signal },
        methods: flags.methods?.split(',').flatMap((name) => methodNames(name)),
        ...valuesFrom(flags, adviceNumbers),
      })) {
        progress.show(event);
        if (event.type !== 'advice') continue;
        const { type: _, ...advice } = event;
        const next = trainCommand(advice, advice.take, advice.methods[0]!.points[0]!, givenFlags(ofData));
        if (flags.json) printJson({ ...advice, next });
        else print(advice, next, givenFlags(ofData));
      }
    } finally {
      progress.clear();
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    }
    if (stop.signal.aborted) process.exitCode = 130;
  });
}

function print(advice: Advice, next: string, given: readonly string[]): void {
  console.log(
    `${table(['method', 'expected top-1 [95 %]', 'training', 'trainable', '', 'reason'], advice.methods.map(row), [1, 2, 3])}\n`,
  );
  console.log(colors.bold(advice.words));
  if (!advice.complete)
    console.log(
      `More could be learned: the same command with a larger --budget goes on from ${shortPath(advice.folder)}.`,
    );
  console.log(`\nNext:\n  ${next}`);
  const [, ...others] = advice.methods[0]!.points;
  if (others.length > 0) console.log('\nThen, in this order:');
  for (const point of others.slice(0, 3)) console.log(`  ${trainCommand(advice, advice.take, point, given)}`);
  if (others.length > 3) console.log(`  and ${others.length - 3} more (--json lists all, for every method)`);
}
