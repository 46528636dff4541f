// An adapter of the study on one picture, at any alpha between the model before tuning and after it (WiSE-FT).
import { useEffect, useState } from 'preact/hooks';
import type { AdapterView, Guess, PredictionView, StudyDetail } from '../api.ts';
import { Bar, Problem, Wait } from './parts.tsx';
import { pictureUrl } from './predictions-tab.tsx';
import { post, type Refused, useJson } from './requests.ts';
import { percent } from './words.ts';

/** Classes shown. */
const most = 5;
/** Milliseconds that the slider has to rest: each alpha is a network of its own. */
const rest = 200;

type Picture = { readonly name: string } | { readonly file: File };

function useGuess(trial: string, alpha: number, picture: Picture | undefined) {
  const [guess, setGuess] = useState<{ readonly value?: Guess; readonly error?: Refused; readonly busy: boolean }>({
    busy: false,
  });
  useEffect(() => {
    if (!picture) return;
    let current = true;
    setGuess(({ value }) => ({ ...(value && { value }), busy: true }));
    const timer = setTimeout(() => {
      const query = new URLSearchParams({ alpha: String(alpha), ...('name' in picture && { name: picture.name }) });
      post<Guess>(`/api/trials/${trial}/guess?${query}`, 'file' in picture ? picture.file : undefined).then(
        (value) => current && setGuess({ value, busy: false }),
        (error: Refused) => current && setGuess({ error, busy: false }),
      );
    }, rest);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [trial, alpha, picture]);
  return guess;
}

function Preview({ study, data, picture }: { study: string; data: string; picture: Picture }) {
  const file = 'file' in picture ? picture.file : undefined;
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return setUrl(undefined);
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  const source = 'name' in picture ? pictureUrl(study, data, picture.name) : url;
  return source ? <img class="preview" src={source} alt="what the adapter sees" /> : null;
}

function Trial({
  study,
  all,
  sets,
}: {
  study: StudyDetail;
  all: readonly AdapterView[];
  sets: readonly PredictionView[];
}) {
  const [trial, setTrial] = useState(all[0]!.trial);
  const [alpha, setAlpha] = useState(1);
  const adapter = all.find((one) => one.trial === trial) ?? all[0]!;
  const names = sets.find(({ data }) => data === adapter.data)?.names ?? [];
  const [picture, setPicture] = useState<Picture | undefined>(names[0] === undefined ? undefined : { name: names[0] });
  const { value, error, busy } = useGuess(adapter.trial, alpha, picture);
  return (
    <div class="try">
      <div>
        <p>
          <label>
            Adapter{' '}
            <select value={trial} onChange={(event) => setTrial(event.currentTarget.value)}>
              {all.map((one) => (
                <option key={one.trial} value={one.trial}>
                  {one.method} on {one.data}, seed {one.seed}
                </option>
              ))}
            </select>
          </label>
        </p>
        <p>
          <label>
            A test picture{' '}
            <select
              value={picture && 'name' in picture ? picture.name : ''}
              onChange={(event) => setPicture({ name: event.currentTarget.value })}
            >
              <option value="" disabled>
                none
              </option>
              {names.slice(0, 500).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        </p>
        <p>
          <label>
            Or one of yours{' '}
            <input
              type="file"
              accept="image/*"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                if (file) setPicture({ file });
              }}
            />
          </label>
        </p>
        <p>
          <label for="alpha">Alpha</label> <output for="alpha">{alpha.toFixed(1)}</output>
          <input
            id="alpha"
            class="slider"
            type="range"
            min={0}
            max={1}
            step={0.1}
            value={alpha}
            onInput={(event) => setAlpha(Number(event.currentTarget.value))}
          />
          <span class="note">0 = before tuning, under the head’s random start; 1 = as tuned</span>
        </p>
      </div>
      <div aria-live="polite" aria-busy={busy}>
        {picture && <Preview study={study.id} data={adapter.data} picture={picture} />}
        {error && <Problem error={error} />}
        {value && (
          <ol class="guess">
            {value.classes.slice(0, most).map(({ name, probability }) => (
              <li key={name}>
                <span>{name}</span> <Bar share={probability} label={`probability of ${name}`} /> {percent(probability)}
              </li>
            ))}
          </ol>
        )}
      </div>
    </div>
  );
}

export function TryTab({ study, version }: { readonly study: StudyDetail; readonly version: string }) {
  const adapters = useJson<readonly AdapterView[]>(`/api/studies/${study.id}/adapters`, version);
  const predictions = useJson<readonly PredictionView[]>(`/api/studies/${study.id}/predictions`, version);
  return (
    <Wait loaded={adapters}>
      {(all) =>
        all.length === 0 ? (
          <p>Adapters can be tried when the first final run is done.</p>
        ) : (
          <Wait loaded={predictions}>{(sets) => <Trial study={study} all={all} sets={sets} />}</Wait>
        )
      }
    </Wait>
  );
}
