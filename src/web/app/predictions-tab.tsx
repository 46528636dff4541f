// Predictions on the test pictures, with the pictures: all, those that methods disagree on, those that only one gets right; and
// what an ensemble of chosen methods reaches.
import { useMemo, useState } from 'preact/hooks';
import type { PredictionView, StudyDetail } from '../api.ts';
import { Ensemble } from './ensemble.tsx';
import { Overlap } from './overlap.tsx';
import { Pager, Wait } from './parts.tsx';
import { useJson } from './requests.ts';
import { percent } from './words.ts';

/** Pictures a page. */
const pictures = 24;

const filters: readonly {
  readonly name: string;
  readonly title: string;
  readonly keep: (right: number, all: number, same: boolean) => boolean;
}[] = [
  { name: 'disagree', title: 'methods disagree', keep: (_, __, same) => !same },
  { name: 'one', title: 'only one method is right', keep: (right) => right === 1 },
  { name: 'none', title: 'no method is right', keep: (right) => right === 0 },
  { name: 'every', title: 'every method is right', keep: (right, all) => right === all },
  { name: 'all', title: 'all pictures', keep: () => true },
];

interface Props {
  readonly study: StudyDetail;
  readonly version: string;
}

export const pictureUrl = (study: string, data: string, name: string): string =>
  `/api/studies/${study}/picture?${new URLSearchParams({ data, name })}`;

function Picture({ study, view, index }: { study: string; view: PredictionView; index: number }) {
  const { names, labels, classes, methods, data } = view;
  const label = labels[index]!;
  return (
    <li>
      <img src={pictureUrl(study, data, names[index]!)} alt={names[index]!} loading="lazy" />
      <span>
        <b>{classes[label]}</b>
      </span>
      <ul>
        {methods.map(({ method, predicted, confidence }) => (
          <li key={method} class={predicted[index] === label ? 'right' : 'wrong'}>
            <span>
              {predicted[index] === label ? '✓' : '✗'} {method}: {classes[predicted[index]!]}
            </span>
            <span>{percent(confidence[index])}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Browser({ study, view }: { readonly study: string; readonly view: PredictionView }) {
  const { names, labels, classes, methods } = view;
  const [filter, setFilter] = useState(methods.length > 1 ? 'disagree' : 'all');
  const [label, setLabel] = useState(-1);
  const [page, setPage] = useState(0);
  const shown = useMemo(() => {
    const { keep } = filters.find(({ name }) => name === filter)!;
    return names.flatMap((_, i) => {
      if (label >= 0 && labels[i] !== label) return [];
      const right = methods.filter(({ predicted }) => predicted[i] === labels[i]).length;
      const same = methods.every(({ predicted }) => predicted[i] === methods[0]!.predicted[i]);
      return keep(right, methods.length, same) ? [i] : [];
    });
  }, [names, labels, methods, filter, label]);
  const pages = Math.max(1, Math.ceil(shown.length / pictures));
  const at = Math.min(page, pages - 1);
  return (
    <>
      <Ensemble study={study} view={view} />
      <Overlap study={study} view={view} />
      <div class="filters">
        <label>
          Show{' '}
          <select value={filter} onChange={(event) => setFilter(event.currentTarget.value)}>
            {filters.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Class{' '}
          <select value={label} onChange={(event) => setLabel(Number(event.currentTarget.value))}>
            <option value={-1}>all</option>
            {classes.map((name, k) => (
              <option key={name} value={k}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span class="note" role="status">
          {shown.length} of {names.length} pictures
        </span>
      </div>
      <ul class="gallery predictions">
        {shown.slice(at * pictures, (at + 1) * pictures).map((i) => (
          <Picture key={names[i]} study={study} view={view} index={i} />
        ))}
      </ul>
      <Pager page={at} pages={pages} onPage={setPage} />
    </>
  );
}

export function PredictionsTab({ study, version }: Props) {
  const loaded = useJson<readonly PredictionView[]>(`/api/studies/${study.id}/predictions`, version);
  const [data, setData] = useState<string>();
  return (
    <Wait loaded={loaded}>
      {(sets) => {
        const view = sets.find((set) => set.data === data) ?? sets[0];
        if (!view) return <p>Predictions appear when the first final run is done.</p>;
        return (
          <>
            {sets.length > 1 && (
              <div class="filters">
                <label>
                  Data{' '}
                  <select value={view.data} onChange={(event) => setData(event.currentTarget.value)}>
                    {sets.map((set) => (
                      <option key={set.data}>{set.data}</option>
                    ))}
                  </select>
                </label>
              </div>
            )}
            <Browser key={view.data} study={study.id} view={view} />
          </>
        );
      }}
    </Wait>
  );
}
