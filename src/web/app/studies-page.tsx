// All studies of the store: how far they are, what their workers do, what failed.
import { useState } from 'preact/hooks';
import type { StudySummary } from '../api.ts';
import type { LiveState } from './live.ts';
import { Bar, Problem } from './parts.tsx';
import { post, type Refused } from './requests.ts';
import { duration, params, percent } from './words.ts';

const shareOf = ({ workDone, workLeft, done, total }: StudySummary): number =>
  workDone + workLeft > 0 ? workDone / (workDone + workLeft) : done / total;

/** Pause or go on, by the study's status. */
export function StudyButton({ study }: { readonly study: StudySummary }) {
  const [error, setError] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  if (study.status === 'done') return null;
  const action = study.status === 'running' ? 'pause' : 'resume';
  const send = (what: string) => {
    setBusy(true);
    setError(undefined);
    post(`/api/studies/${study.id}/${what}`)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <span class="buttons">
        <button type="button" disabled={busy} onClick={() => send(action)}>
          {action === 'pause' ? 'Pause' : 'Resume'}
        </button>
        {study.status === 'running' && study.running === 0 && (
          <button type="button" disabled={busy} onClick={() => send('resume')}>
            Go on here
          </button>
        )}
      </span>
      {error && <Problem error={error} />}
    </>
  );
}

function Best({ study }: { readonly study: StudySummary }) {
  const rows = [...study.best].sort((a, b) => b.val - a.val).slice(0, 12);
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>Best on validation so far</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={`Best of ${study.study} so far`}>
        <table class="runs">
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Data</th>
              <th scope="col" class="n">
                Validation
              </th>
              <th scope="col" class="n">
                Points
              </th>
              <th scope="col">Hyper-parameters</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.model} ${row.data} ${row.method}`}>
                <th scope="row">{row.method}</th>
                <td>{row.data}</td>
                <td class="n">{percent(row.val)}</td>
                <td class="n">
                  {row.done}/{row.points}
                </td>
                <td>{params(row.params)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

function StudyCard({ study }: { readonly study: StudySummary }) {
  return (
    <section class="card" aria-labelledby={`s-${study.id}`}>
      <h2 id={`s-${study.id}`}>
        <a href={`#/study/${study.id}`}>{study.study}</a> <span class={`tag ${study.status}`}>{study.status}</span>
      </h2>
      <Bar share={shareOf(study)} label={`${study.study}: work done`} />
      <p class="note">
        {study.done} of {study.total} runs done
        {study.running > 0 && `, ${study.running} running`}
        {study.failed > 0 && <b class="bad">, {study.failed} failed</b>}
        {study.status !== 'done' && `; about ${duration(study.workLeft)} of one worker left`}
      </p>
      <StudyButton study={study} />
      {study.failures.length > 0 && (
        <details>
          <summary>Why runs failed</summary>
          <ul>
            {study.failures.slice(0, 20).map(({ trial, method, data, params: point, reason }) => (
              <li key={trial}>
                <a href={`#/study/${study.id}/runs/${trial}`}>
                  {method} on {data}, {params(point)}
                </a>
                : {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Best study={study} />
    </section>
  );
}

export function StudiesPage({ live: { snapshot } }: { readonly live: LiveState }) {
  if (!snapshot)
    return (
      <p class="note" role="status">
        Loading…
      </p>
    );
  const { studies, workers } = snapshot;
  return (
    <>
      <h1>Studies</h1>
      {studies.length === 0 && (
        <p>
          This store holds no study yet. <a href="#/new">Start one here</a>, or by <code>vitune study run PLAN</code>.
        </p>
      )}
      {workers.length > 0 && (
        <section class="card" aria-label="Workers">
          <h2>Workers</h2>
          <ul class="workers">
            {workers.map(({ id, host, pid, progress }) => (
              <li key={id}>
                <span>
                  {progress ? `${progress.label}, epoch ${progress.epoch + 1} of ${progress.epochs}` : 'between runs'}
                </span>
                <Bar share={progress?.share ?? 0} label={`worker ${pid} on ${host}`} />
                <span class="note">
                  {host}, process {pid}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {[...studies]
        .sort((a, b) => b.created - a.created)
        .map((study) => (
          <StudyCard key={study.id} study={study} />
        ))}
    </>
  );
}
