// npm run mini-regret [-- --sets a,b --methods a,b --pictures N --epochs N --budget SECONDS --json]: how good `vitune advise` is on
// the built-in sets. Each set gets advice, then whole trainings of every method at its first grid point say what is true.
// Everything is kept in runs/mini-regret: stopped, the same command goes on.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Advice } from '../src/advise/advice.ts';
import { questionOf, specAt } from '../src/advise/options.ts';
import { mean } from '../src/analysis/collect.ts';
import { bootstrapMean } from '../src/analysis/statistics/bootstrap.ts';
import { pairedBootstrap } from '../src/analysis/statistics/paired.ts';
import { duration, percent, table } from '../src/cli/output.ts';
import { miniVtab } from '../src/data/builtin/index.ts';
import { advise, type DoneEvent } from '../src/index.ts';
import { runTraining } from '../src/train/run.ts';
import { readJson, runFiles } from '../src/train/run-folder.ts';

const { values: flags } = parseArgs({
  options: {
    sets: { type: 'string', default: miniVtab.sets.map(({ name }) => name).join(',') },
    methods: { type: 'string', default: 'linear,bitfit,lora,adaptformer,convpass,full' },
    pictures: { type: 'string', default: '300' },
    epochs: { type: 'string', default: '10' },
    budget: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const methods = flags.methods.split(',');
const [epochs, budget] = [Number(flags.epochs), Number(flags.budget)];
const threads = 1;

interface Whole {
  readonly top1: number;
  readonly seconds: number;
}

async function whole(folder: string, advice: Advice, method: string, data: string): Promise<Whole> {
  const { points } = advice.methods.find((m) => m.method === method)!;
  const spec = specAt(questionOf({ data, epochs }), method, points[0]!, epochs);
  const finished = () => readJson<{ status: string; result: DoneEvent }>(join(folder, runFiles.spec));
  if ((await finished())?.status !== 'done')
    for await (const event of runTraining({ spec, folder, threads, resume: true }))
      if (event.type === 'epoch') process.stderr.write('.');
  const { result } = (await finished())!;
  return { top1: result.test!.top1, seconds: result.seconds };
}

async function onSet(name: string) {
  const data = `${name}:${flags.pictures}`;
  const root = join('runs', 'mini-regret', `${data.replaceAll(/\W+/g, '-')}-${epochs}`);
  let advice: Advice | undefined;
  for await (const event of advise({ data, methods, epochs, budget, threads, folder: join(root, 'advice') }))
    if (event.type === 'advice') advice = event;
  const truth = new Map<string, Whole>();
  for (const method of methods) truth.set(method, await whole(join(root, method), advice!, method, data));
  process.stderr.write(` ${data}\n`);
  const best = Math.max(...[...truth.values()].map(({ top1 }) => top1));
  const inside = advice!.methods.map(({ method, expected }) => {
    const { top1 } = truth.get(method)!;
    return Number(top1 >= expected.low && top1 <= expected.high);
  });
  return {
    data,
    take: advice!.take,
    words: advice!.words,
    truth: Object.fromEntries([...truth].map(([method, { top1 }]) => [method, top1])),
    regret: best - truth.get(advice!.take)!.top1,
    random: best - mean([...truth.values()].map(({ top1 }) => top1)),
    covered: mean(inside),
    adviceSeconds: advice!.seconds,
    takenSeconds: truth.get(advice!.take)!.seconds,
    allSeconds: [...truth.values()].reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const rows = [];
for (const name of flags.sets.split(',')) rows.push(await onSet(name));
const regret = bootstrapMean(rows.map((r) => r.regret));
const random = bootstrapMean(rows.map((r) => r.random));
const against = pairedBootstrap(
  rows.map((r) => r.regret),
  rows.map((r) => r.random),
);
const covered = mean(rows.map((r) => r.covered));
if (flags.json) console.log(JSON.stringify({ epochs, budget, methods, rows, regret, random, against, covered }));
else {
  const heads = ['set', ...methods, 'taken', 'regret', 'random', 'advice', 'advice + taken', 'all methods'];
  console.log(
    table(
      heads,
      rows.map((r) => [
        r.data,
        ...methods.map((m) => percent(r.truth[m]!)),
        r.take,
        ...[r.regret, r.random].map((x) => (100 * x).toFixed(1)),
        ...[r.adviceSeconds, r.adviceSeconds + r.takenSeconds, r.allSeconds].map(duration),
      ]),
      heads.slice(1).map((_, i) => i + 1),
    ),
  );
  const range = ({ estimate, low, high }: typeof regret) =>
    `${(100 * estimate).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  console.log(
    `\nregret ${range(regret)} points; a random method ${range(random)}; difference ${range(against)}; ${percent(covered)} of the results inside their intervals`,
  );
}
