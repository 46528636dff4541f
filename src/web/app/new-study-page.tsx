// A new study by a form, whose fields are the registry's option records: a method's own and those of training.
import { useState } from 'preact/hooks';
import { type Option, type OptionTable, ruleOf } from '../../base/options.ts';
import type { FormFacts } from '../api.ts';
import { Problem, Wait } from './parts.tsx';
import { optionsOf, type PlanForm, planOf } from './plan-of.ts';
import { post, type Refused, useJson } from './requests.ts';

/** Options of training that most studies set; the others are under "more". */
const usual = ['epochs', 'batchSize', 'learningRate', 'weightDecay'];

type Typed = Readonly<Record<string, string>>;
/** Option tables by the name of what has them. */
const tablesOf = (all: readonly { readonly name: string; readonly options: OptionTable }[]) =>
  Object.fromEntries(all.map(({ name, options }) => [name, options]));

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
        const choices =
          option.type === 'choice' ? option.choices : option.type === 'boolean' ? ['true', 'false'] : undefined;
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

const empty: PlanForm = {
  ...{ name: '', data: '', model: '', seeds: '0', methods: {}, training: {} },
  ...{ preset: '', protocol: '', protocolOptions: {} },
};

interface CombineProps {
  readonly known: readonly string[];
  readonly onCombine: (name: string) => void;
}

/** Several methods as one, e.g. lora+bitfit. */
function Combine({ known, onCombine }: CombineProps) {
  const [parts, setParts] = useState<readonly string[]>([]);
  const toggle = (name: string) =>
    setParts((before) => (before.includes(name) ? before.filter((part) => part !== name) : [...before, name]));
  const combine = () => {
    onCombine(known.filter((name) => parts.includes(name)).join('+'));
    setParts([]);
  };
  return (
    <details>
      <summary>Combine several methods into one</summary>
      <fieldset class="ticks">
        <legend>Parts of a combined method</legend>
        {known.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={parts.includes(name)} onChange={() => toggle(name)} /> {name}
          </label>
        ))}
      </fieldset>
      <button type="button" disabled={parts.length < 2} onClick={combine}>
        {parts.length < 2 ? 'Combine' : `Add ${known.filter((name) => parts.includes(name)).join('+')}`}
      </button>
    </details>
  );
}

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
    post<{ name: string; plan: string }>('/api/studies', planOf(form, tables, facts.training, protocols))
      .then(({ name, plan }) => setStarted(`${name} has begun; its plan is ${plan}.`))
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const tables = tablesOf(facts.methods);
  const protocols = tablesOf(facts.protocols);
  const wholePlan = facts.presets.some(({ name, plan }) => plan && name === form.preset);
  const chosen = Object.keys(form.methods).map((name) => ({
    name,
    options: optionsOf(name, tables) ?? {},
    summary: facts.methods.find((method) => method.name === name)?.summary ?? 'combined',
  }));
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
          <input
            required={!wholePlan}
            list="data-sets"
            value={form.data}
            onInput={(e) => set({ data: e.currentTarget.value })}
          />
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
      <div class="fields">
        <label>
          <span>Preset</span>
          <select value={form.preset} onChange={(e) => set({ preset: e.currentTarget.value })}>
            <option value="">none</option>
            {facts.presets.map(({ name, summary }) => (
              <option key={name} value={name} title={summary}>
                {name}
              </option>
            ))}
          </select>
          <small>
            {facts.presets.find(({ name }) => name === form.preset)?.summary ??
              'defaults of training, or a whole plan; what is given here wins'}
          </small>
        </label>
        <label>
          <span>Protocol</span>
          <select value={form.protocol} onChange={(e) => set({ protocol: e.currentTarget.value, protocolOptions: {} })}>
            <option value="">the default</option>
            {facts.protocols.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <small>{facts.protocols.find(({ name }) => name === form.protocol)?.summary ?? 'how data are divided'}</small>
        </label>
      </div>
      {Object.keys(protocols[form.protocol] ?? {}).length > 0 && (
        <fieldset>
          <legend>Protocol {form.protocol}</legend>
          <Fields
            owner={form.protocol}
            table={protocols[form.protocol]!}
            typed={form.protocolOptions}
            onType={(protocolOptions) => set({ protocolOptions })}
          />
        </fieldset>
      )}
      <fieldset>
        <legend>Methods</legend>
        <div class="ticks">
          {facts.methods.map(({ name, summary }) => (
            <label key={name} title={summary}>
              <input type="checkbox" checked={name in form.methods} onChange={() => toggle(name)} /> {name}
            </label>
          ))}
          {chosen
            .filter(({ name }) => !(name in tables))
            .map(({ name }) => (
              <label key={name}>
                <input type="checkbox" checked onChange={() => toggle(name)} /> {name}
              </label>
            ))}
        </div>
        <Combine
          known={facts.methods.map(({ name }) => name)}
          onCombine={(name) => name in form.methods || toggle(name)}
        />
      </fieldset>
      {chosen
        .filter(({ options }) => Object.keys(options).length > 0)
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
      <button type="submit" disabled={busy || (chosen.length === 0 && !wholePlan)}>
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
