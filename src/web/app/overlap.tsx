// The study's Venn view for lists of any length: are methods sure, or unsure, of the same pictures?
import { useState } from 'preact/hooks';
import { type Pick, pickNames, picks } from '../../analysis/overlap.ts';
import type { OverlapView, PredictionView } from '../api.ts';
import { Wait } from './parts.tsx';
import { useJson } from './requests.ts';

interface Props {
  readonly study: string;
  readonly view: PredictionView;
}

function Loaded({ url }: { readonly url: string }) {
  const loaded = useJson<OverlapView>(url);
  // The report's builders escape everything that they are given.
  return <Wait loaded={loaded}>{({ html }) => <div dangerouslySetInnerHTML={{ __html: html }} />}</Wait>;
}

export function Overlap({ study, view: { data, names, methods } }: Props) {
  const [open, setOpen] = useState(false);
  const [pick, setPick] = useState<Pick>('confident-wrong');
  const [k, setK] = useState(Math.max(1, Math.round(names.length / 20)));
  if (methods.length < 2) return null;
  return (
    <details class="card" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Are methods sure of the same pictures?</summary>
      {open && (
        <>
          <div class="filters">
            <label>
              Of each method the{' '}
              <input
                type="number"
                aria-label="How many pictures"
                min={1}
                max={names.length}
                defaultValue={String(k)}
                onInput={(event) => {
                  const wanted = Number(event.currentTarget.value);
                  // What is being typed may be no number yet: the last one stands.
                  if (Number.isInteger(wanted) && wanted >= 1) setK(Math.min(names.length, wanted));
                }}
              />
            </label>
            <label>
              <select
                aria-label="Which predictions"
                value={pick}
                onChange={(event) => setPick(event.currentTarget.value as Pick)}
              >
                {picks.map((name) => (
                  <option key={name} value={name}>
                    {pickNames[name]}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <Loaded url={`/api/studies/${study}/overlap?${new URLSearchParams({ data, pick, k: String(k) })}`} />
        </>
      )}
    </details>
  );
}
