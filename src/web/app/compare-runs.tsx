// Runs side by side: loss and accuracy over epochs, what differs between them, and how each try ended.
import { useEffect, useState } from 'preact/hooks';
import type { TrialRow } from '../../study/rows.ts';
import type { StudyDetail, TrialDetail } from '../api.ts';
import { Comparison } from './comparison.tsx';
import { curveKey } from './curve-chart.ts';
import type { LiveState } from './live.ts';
import { getJson } from './requests.ts';
import { duration, params, percent, when } from './words.ts';

interface Props {
  readonly study: StudyDetail;
  readonly rows: readonly TrialRow[];
  readonly live: LiveState;
  readonly onClose: () => void;
}

/** The runs' details, asked for again when something goes on. */
function useDetails(ids: readonly string[], version: unknown): ReadonlyMap<string, TrialDetail> {
  const [details, setDetails] = useState<ReadonlyMap<string, TrialDetail>>(new Map());
  const key = ids.join(' ');
  // The version is why they are asked for again.
  useEffect(() => {
    let current = true;
    for (const id of key.split(' '))
      void getJson<TrialDetail>(`/api/trials/${id}`).then(
        (detail) => current && setDetails((known) => new Map(known).set(id, detail)),
        () => undefined, // the banner tells that the server is away
      );
    return () => {
      current = false;
    };
  }, [key, version]);
  return details;
}

function Attempts({ detail }: { readonly detail: TrialDetail | undefined }) {
  if (!detail || detail.attempts.length === 0) return <>not begun</>;
  return (
    <ol class="attempts">
      {detail.attempts.map(({ worker, started, ended, outcome, reason, log }) => (
        <li key={started}>
          {when(started)}: {outcome ?? 'runs'}
          {ended !== null && ` after ${duration((ended - started) / 1000)}`}
          {reason !== null && <span class="bad">: {reason}</span>}{' '}
          <span class="note">(worker {worker.slice(0, 8)})</span>
          {log !== null && (
            <details>
              <summary>Log</summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
              <pre class="log" tabIndex={0}>
                {log}
              </pre>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}

export function CompareRuns({ study, rows, live, onClose }: Props) {
  const running = rows.some(({ state }) => state === 'running');
  const details = useDetails(
    rows.map(({ id }) => id),
    running ? live.snapshot : rows.map(({ state }) => state).join(),
  );
  const labels = rows.map(({ cell }) => `${study.cells[cell]!.method}, ${study.cells[cell]!.data}`);
  return (
    <Comparison
      runs={rows.map(({ id }, i) => ({ label: labels[i]!, epochs: details.get(id)?.epochs ?? [] }))}
      onClose={onClose}
    >
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Validation</th>
          <th scope="col">Test</th>
          <th scope="col">Hyper-parameters</th>
          <th scope="col">Tries</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={row.id}>
            <th scope="row">
              <span class="key" dangerouslySetInnerHTML={{ __html: curveKey(i).html }} />
              {labels[i]}
              {row.phase === 'final' && `, seed ${row.point.seed}`}
            </th>
            <td>{percent(row.val?.top1)}</td>
            <td>{percent(row.tests?.test?.top1)}</td>
            <td class="w">{params(row.point.params)}</td>
            <td class="w">
              <Attempts detail={details.get(row.id)} />
            </td>
          </tr>
        ))}
      </tbody>
    </Comparison>
  );
}
