// All analyses of the study so far: the report's sections, whose builders escape all they are given.
import type { Section, StudyDetail } from '../api.ts';
import { Wait } from './parts.tsx';
import { useJson } from './requests.ts';

interface Props {
  readonly study: StudyDetail;
  readonly version: string;
}

export function AnalysesTab({ study, version }: Props) {
  const loaded = useJson<readonly Section[]>(`/api/studies/${study.id}/sections`, version);
  return (
    <Wait loaded={loaded}>
      {(sections) =>
        sections.length === 0 ? (
          <p>Analyses appear when the first final run is done.</p>
        ) : (
          <>
            <p>
              <a href={`/api/studies/${study.id}/report`} download>
                Save the report
              </a>{' '}
              as one file that needs nothing else.
            </p>
            <ul class="findings" aria-label="Findings">
              {sections.map(
                ({ id, title, finding }) =>
                  finding && (
                    <li key={id}>
                      <b>{title}</b>
                      {finding}
                    </li>
                  ),
              )}
            </ul>
            {sections.map(({ id, title, html }) => (
              <section key={id} id={`analysis-${id}`}>
                <h2>{title}</h2>
                <div dangerouslySetInnerHTML={{ __html: html }} />
              </section>
            ))}
          </>
        )
      }
    </Wait>
  );
}
