// A study's runs, one line each: filtered, sorted, a page at a time, so that thousands stay fluid. Ticked ones are compared.
import { useMemo, useState } from 'preact/hooks';
import type { TrialRow } from '../../study/rows.ts';
import type { StudyDetail } from '../api.ts';
import { CompareRuns } from './compare-runs.tsx';
import { toggled } from './comparison.tsx';
import { finder } from './find.ts';
import type { LiveState } from './live.ts';
import { FindField, Pager } from './parts.tsx';
import { duration, params, percent } from './words.ts';

/** Lines a page. */
const lines = 50;

const accuracyOf = ({ val, tests }: TrialRow): number => val?.top1 ?? tests?.test?.top1 ?? Number.NEGATIVE_INFINITY;

const orders = {
  plan: { title: 'order of the plan', by: (a: TrialRow, b: TrialRow) => a.ordinal - b.ordinal },
  best: { title: 'best first', by: (a: TrialRow, b: TrialRow) => accuracyOf(b) - accuracyOf(a) },
  longest: { title: 'longest first', by: (a: TrialRow, b: TrialRow) => (b.seconds ?? 0) - (a.seconds ?? 0) },
} as const;
type Order = keyof typeof orders;

const states = ['all', 'running', 'done', 'failed', 'queued'] as const;

interface Props {
  readonly study: StudyDetail;
  readonly live: LiveState;
}

/** `#/study/ID/runs/TRIAL` opens with that run. */
const askedFor = (): readonly string[] => {
  const trial = location.hash.split('/')[4];
  return trial ? [trial] : [];
};

export function RunsTab({ study, live }: Props) {
  const { trials, cells } = study;
  const [text, setText] = useState('');
  const [state, setState] = useState<string>('all');
  const [order, setOrder] = useState<Order>('plan');
  const [page, setPage] = useState(0);
  const [chosen, setChosen] = useState<readonly string[]>(askedFor);
  // What is searched is written once: a filter is typed letter by letter.
  const texts = useMemo(
    () =>
      new Map(
        trials.map((row) => {
          const { model, data, method } = cells[row.cell]!;
          return [row, `${model} ${data} ${method} ${row.phase} ${params(row.point.params)} ${row.id}`];
        }),
      ),
    [trials, cells],
  );
  const found = useMemo(() => {
    const finds = finder(text);
    return trials
      .filter((row) => state === 'all' || row.state === state)
      .filter((row) => finds(texts.get(row)!))
      .sort(orders[order].by);
  }, [trials, texts, text, state, order]);
  const pages = Math.max(1, Math.ceil(found.length / lines));
  const at = Math.min(page, pages - 1);
  const shares = new Map(
    live.snapshot?.workers.flatMap(({ progress }) => (progress ? [[progress.trial, progress.share]] : [])),
  );
  const toggle = (id: string) => setChosen((ids) => toggled(ids, id));
  const compared = chosen.flatMap((id) => trials.find((row) => row.id === id) ?? []);
  return (
    <>
      {compared.length > 0 && <CompareRuns study={study} rows={compared} live={live} onClose={() => setChosen([])} />}
      <div class="filters">
        <FindField
          text={text}
          placeholder="method, data, rank 8 …"
          onText={(wanted) => {
            setText(wanted);
            setPage(0);
          }}
        />
        <label>
          State{' '}
          <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
            {states.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Sort{' '}
          <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
            {Object.entries(orders).map(([name, { title }]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <span class="note" role="status">
          {found.length.toLocaleString('en')} of {trials.length.toLocaleString('en')} runs; tick some to compare them
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Runs">
        <table class="runs">
          <thead>
            <tr>
              <th scope="col">Compare</th>
              <th scope="col">Method</th>
              <th scope="col">Data</th>
              <th scope="col">Kind</th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                Validation
              </th>
              <th scope="col" class="n">
                Test
              </th>
              <th scope="col" class="n">
                Time
              </th>
              <th scope="col">Hyper-parameters</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(at * lines, (at + 1) * lines).map((row) => {
              const { data, method } = cells[row.cell]!;
              const share = shares.get(row.id);
              return (
                <tr key={`${row.id} ${row.cell} ${row.phase} ${row.round}`}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`compare ${method} on ${data}, ${params(row.point.params)}`}
                      checked={chosen.includes(row.id)}
                      onChange={() => toggle(row.id)}
                    />
                  </td>
                  <th scope="row">{method}</th>
                  <td>{data}</td>
                  <td>{row.phase === 'final' ? `final, seed ${row.point.seed}` : 'tuning'}</td>
                  <td class={row.state === 'failed' ? 'bad' : undefined}>
                    {row.state}
                    {share !== undefined && ` ${Math.round(100 * share)} %`}
                  </td>
                  <td class="n">{percent(row.val?.top1)}</td>
                  <td class="n">{percent(row.tests?.test?.top1)}</td>
                  <td class="n">{duration(row.seconds)}</td>
                  <td class="w">{params(row.point.params)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <Pager page={at} pages={pages} onPage={setPage} />
    </>
  );
}
