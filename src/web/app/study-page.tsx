// One study: its runs, its analyses, its predictions, its adapters.
import type { StudyDetail, StudySummary } from '../api.ts';
import { AnalysesTab } from './analyses-tab.tsx';
import { type LiveState, useCalm } from './live.ts';
import { Wait } from './parts.tsx';
import { PredictionsTab } from './predictions-tab.tsx';
import { useJson } from './requests.ts';
import { RunsTab } from './runs-tab.tsx';
import { StudyButton } from './studies-page.tsx';
import { TryTab } from './try-tab.tsx';

const tabs = { runs: 'Runs', analyses: 'Analyses', predictions: 'Predictions', try: 'Try' } as const;

/** Milliseconds between two readings of all runs: thousands of rows. */
const calm = 3000;

interface Props {
  readonly id: string;
  readonly tab: string;
  readonly live: LiveState;
}

const stateOf = (summary: StudySummary | undefined): string =>
  summary ? `${summary.status} ${summary.done} ${summary.failed} ${summary.running} ${summary.total}` : '';

export function StudyPage({ id, tab, live }: Props) {
  const summary = live.snapshot?.studies.find((study) => study.id === id);
  const version = useCalm(stateOf(summary), calm);
  const detail = useJson<StudyDetail>(`/api/studies/${encodeURIComponent(id)}`, version);
  const chosen = tab in tabs ? tab : 'runs';
  return (
    <Wait loaded={detail}>
      {(study) => (
        <>
          <h1>
            {study.name} {summary && <span class={`tag ${summary.status}`}>{summary.status}</span>}
          </h1>
          {summary && <StudyButton study={summary} />}
          <nav aria-label="Parts of the study" class="tabs">
            <ul>
              {Object.entries(tabs).map(([key, title]) => (
                <li key={key}>
                  <a href={`#/study/${id}/${key}`} aria-current={key === chosen ? 'page' : undefined}>
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          {chosen === 'runs' && <RunsTab study={study} live={live} />}
          {chosen === 'analyses' && <AnalysesTab study={study} version={version} />}
          {chosen === 'predictions' && <PredictionsTab study={study} version={version} />}
          {chosen === 'try' && <TryTab study={study} version={version} />}
        </>
      )}
    </Wait>
  );
}
