// Runs of `vitune train`, outside of studies: how far they are, and some of them side by side.
import { useEffect, useState } from 'preact/hooks';
import type { RunsView, RunView } from '../api.ts';
import { Comparison, toggled } from './comparison.tsx';
import { curveKey } from './curve-chart.ts';
import { finder } from './find.ts';
import { Bar, FindField, Pager, Wait } from './parts.tsx';
import { useJson } from './requests.ts';
import { duration, params, percent, when } from './words.ts';

/** Milliseconds between two looks into the folder. */
const beat = 2000;
/** Lines a page. */
const lines = 50;

/** Counts up while the page can be seen. */
function useBeat(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && setCount((n) => n + 1), beat);
    return () => clearInterval(timer);
  }, []);
  return count;
}

const titleOf = ({ method, data }: RunView): string => `${method}, ${data}`;

function Compared({ runs, onClose }: { readonly runs: readonly RunView[]; readonly onClose: () => void }) {
  return (
    <Comparison runs={runs.map((run) => ({ label: titleOf(run), epochs: run.epochs }))} onClose={onClose}>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Test sets</th>
          <th scope="col" class="n">
            Trained
          </th>
          <th scope="col">Options</th>
          <th scope="col">Folder</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run, i) => (
          <tr key={run.name}>
            <th scope="row">
              <span class="key" dangerouslySetInnerHTML={{ __html: curveKey(i).html }} />
              {titleOf(run)}
            </th>
            <td class="w">
              {Object.entries(run.tests)
                .map(([set, top1]) => `${set} ${percent(top1)}`)
                .join(', ') || 'not tested yet'}
            </td>
            <td class="n">{run.trainable.toLocaleString('en')}</td>
            <td class="w">{params(run.params)}</td>
            <td class="w">{run.name}</td>
          </tr>
        ))}
      </tbody>
    </Comparison>
  );
}

function State({ run }: { readonly run: RunView }) {
  const { state, epochs, epochsWanted } = run;
  if (state === 'done') return <>done</>;
  return (
    <>
      {state}, epoch {epochs.length} of {epochsWanted}
      <Bar share={epochs.length / epochsWanted} label={`${titleOf(run)}: epochs done`} />
    </>
  );
}

function Runs({ view: { folder, runs } }: { readonly view: RunsView }) {
  const [text, setText] = useState('');
  const [page, setPage] = useState(0);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (runs.length === 0)
    return (
      <p>
        No runs in <code>{folder}</code>. <code>vitune train</code> puts them there;{' '}
        <code>vitune ui --runs FOLDER</code> looks elsewhere.
      </p>
    );
  const finds = finder(text);
  const found = runs.filter((run) =>
    finds(`${titleOf(run)} ${run.model} ${run.state} ${params(run.params)} ${run.name}`),
  );
  const pages = Math.max(1, Math.ceil(found.length / lines));
  const at = Math.min(page, pages - 1);
  const compared = chosen.flatMap((name) => runs.find((run) => run.name === name) ?? []);
  const toggle = (id: string) => setChosen((ids) => toggled(ids, id));
  return (
    <>
      {compared.length > 0 && <Compared runs={compared} onClose={() => setChosen([])} />}
      <div class="filters">
        <FindField
          text={text}
          placeholder="method, data, running …"
          onText={(wanted) => {
            setText(wanted);
            setPage(0);
          }}
        />
        <span class="note" role="status">
          {found.length.toLocaleString('en')} of {runs.length.toLocaleString('en')} runs in {folder}; tick some to
          compare them
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
              <th scope="col">Model</th>
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
              <th scope="col">Last written</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(at * lines, (at + 1) * lines).map((run) => (
              <tr key={run.name}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`compare ${run.name}`}
                    checked={chosen.includes(run.name)}
                    onChange={() => toggle(run.name)}
                  />
                </td>
                <th scope="row">{run.method}</th>
                <td>{run.data}</td>
                <td>{run.model}</td>
                <td>
                  <State run={run} />
                </td>
                <td class="n">{percent(run.epochs.at(-1)?.val?.top1)}</td>
                <td class="n">{percent(run.tests.test)}</td>
                <td class="n">{duration(run.seconds)}</td>
                <td>{when(run.changed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Pager page={at} pages={pages} onPage={setPage} />
    </>
  );
}

export function SingleRunsPage() {
  const loaded = useJson<RunsView>('/api/runs', useBeat());
  return (
    <>
      <h1>Single runs</h1>
      <Wait loaded={loaded}>{(view) => <Runs view={view} />}</Wait>
    </>
  );
}
