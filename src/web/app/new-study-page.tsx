// A new study by a form, whose fields are the registry's option records: a method's own and those of training.
import { useState } from 'preact/hooks';
import { type Option, type OptionTable, ruleOf } from '../../base/options.ts';
import type { FormFacts } from '../api.ts';
import { Problem, Wait } from './parts.tsx';
import { type PlanForm, planOf } from './plan-of.ts';
import { post, type Refused, useJson } from './requests.ts';

/** Options of training that most studies set; the others are under "more". */
const usual = ['epochs', 'batchSize', 'learningRate', 'weightDecay'];

type Typed = Readonly<Record<string, string>>;
interface FieldsProps {
  /** Whose options: part of element ids. */
  readonly owner: string;
  readonly table: OptionTable;
  readonly typed: Typed;
  readonly onType: (typed: Typed) => void;
  readonly names?: readonly string[];
}

const shown = (option: Option): string =>
  Array.isArray(option.default) ? option.default.join('+') || 'all' : String(option.default);

function Fields({ owner, table, typed, onType, names = Object.keys(table) }: FieldsProps) {
  return (
    <div class="fields">
      {names.map((name) => {
        const option = table[name]!;
        const value = typed[name] ?? '';
        const set = (text: string) => onType({ ...typed, [name]: text });
        const choices = option.type === 'choice' ? option.choices : option.type === 'boolean' ? ['true', 'false'] : undefined; // biome-ignore format: one value
        return (
          <label key={name} for={`${owner}-${name}`} title={ruleOf(option)}>
            <span>{name}</span>
            {choices ? (
              <select id={`${owner}-${name}`} value={value} onChange={(event) => set(event.currentTarget.value)}>
                <option value="">{shown(option)} (default)</option>
                {choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            ) : (
              <input
                id={`${owner}-${name}`}
                value={value}
                placeholder={shown(option)}
                onInput={(event) => set(event.currentTarget.value)}
              />
            )}
            <small>{option.help}</small>
          </label>
        );
      })}
    </div>
  );
}

const empty: PlanForm = { name: '', data: '', model: '', seeds: '0', methods: {}, training: {} };

function Form({ facts }: { readonly facts: FormFacts }) {
  const [form, setForm] = useState<PlanForm>(empty);
  const [error, setError] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  const [started, setStarted] = useState<string>();
  const set = (part: Partial<PlanForm>) => setForm((before) => ({ ...before, ...part }));
  const toggle = (name: string) => {
    const { [name]: present, ...others } = form.methods;
    set({ methods: present ? others : { ...form.methods, [name]: {} } });
  };
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    setStarted(undefined);
    const tables = Object.fromEntries(facts.methods.map(({ name, options }) => [name, options]));
    post<{ name: string; plan: string }>('/api/studies', planOf(form, tables, facts.training))
      .then(({ name, plan }) => setStarted(`${name} has begun; its plan is ${plan}.`))
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const more = Object.keys(facts.training).filter((name) => !usual.includes(name) && name !== 'seed');
  const training = {
    owner: 'training',
    table: facts.training,
    typed: form.training,
    onType: (typed: Typed) => set({ training: typed }),
  };
  return (
    <form class="new" onSubmit={send}>
      <div class="fields">
        <label>
          <span>Name</span>
          <input
            required
            pattern="[\w.\-]{1,60}"
            value={form.name}
            onInput={(e) => set({ name: e.currentTarget.value })}
          />
          <small>letters, digits, dots, dashes, underscores</small>
        </label>
        <label>
          <span>Data</span>
          <input required list="data-sets" value={form.data} onInput={(e) => set({ data: e.currentTarget.value })} />
          <small>folders of pictures on the server’s machine, or built-in sets; several with commas</small>
          <datalist id="data-sets">
            {facts.data.map(({ name, summary }) => (
              <option key={name} value={name}>
                {summary}
              </option>
            ))}
          </datalist>
        </label>
        <label>
          <span>Model</span>
          <input
            list="models"
            value={form.model}
            placeholder={facts.models[0]}
            onInput={(e) => set({ model: e.currentTarget.value })}
          />
          <small>a built-in model or a folder; left empty = the default</small>
          <datalist id="models">
            {facts.models.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
        <label>
          <span>Seeds</span>
          <input value={form.seeds} onInput={(e) => set({ seeds: e.currentTarget.value })} />
          <small>of the final runs, with commas</small>
        </label>
      </div>
      <fieldset>
        <legend>Methods</legend>
        <div class="ticks">
          {facts.methods.map(({ name, summary }) => (
            <label key={name} title={summary}>
              <input type="checkbox" checked={name in form.methods} onChange={() => toggle(name)} /> {name}
            </label>
          ))}
        </div>
      </fieldset>
      {facts.methods
        .filter(({ name, options }) => name in form.methods && Object.keys(options).length > 0)
        .map(({ name, options, summary }) => (
          <fieldset key={name}>
            <legend>
              {name}: {summary}
            </legend>
            <Fields
              owner={name}
              table={options}
              typed={form.methods[name]!}
              onType={(typed) => set({ methods: { ...form.methods, [name]: typed } })}
            />
          </fieldset>
        ))}
      <fieldset>
        <legend>Training</legend>
        <Fields {...training} names={usual} />
        <details>
          <summary>More options of training</summary>
          <Fields {...training} names={more} />
        </details>
      </fieldset>
      <p class="note">
        Several values with commas make a grid axis: every combination is trained and measured on validation. Parts of
        one value are joined by +.
      </p>
      <button type="submit" disabled={busy || Object.keys(form.methods).length === 0}>
        {busy ? 'Starting…' : 'Start the study'}
      </button>
      {error && <Problem error={error} />}
      {started && (
        <p role="status">
          {started} <a href="#/">Watch it</a>
        </p>
      )}
    </form>
  );
}

export function NewStudyPage() {
  const facts = useJson<FormFacts>('/api/form');
  return (
    <>
      <h1>New study</h1>
      <Wait loaded={facts}>{(value) => <Form facts={value} />}</Wait>
    </>
  );
}
