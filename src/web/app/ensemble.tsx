// The ensemble picker: methods of one's choice, and what their mean probability, mean logit and vote reach on the test pictures.
import { useState } from 'preact/hooks';
import { formatCell, type Table, toObjects } from '../../analysis/table.ts';
import type { PredictionView } from '../api.ts';
import { Wait } from './parts.tsx';
import { useJson } from './requests.ts';
import { percent } from './words.ts';

interface Props {
  readonly study: string;
  readonly view: PredictionView;
}

const shareRight = (predicted: readonly number[], labels: readonly number[]): number =>
  predicted.filter((k, i) => k === labels[i]).length / labels.length;

function Result({ table }: { readonly table: Table }) {
  const rows = toObjects(table);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" aria-label="Ensembles" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Ensemble</th>
            <th scope="col" class="n">
              Top-1, %
            </th>
            <th scope="col">Gain over the best member, points [95 %]</th>
            <th scope="col">In words</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ ensemble, top1, gain, low, high, words }) => (
            <tr key={String(ensemble)}>
              <th scope="row" class="w">
                {ensemble}
              </th>
              <td class="n">{formatCell(top1!, 'share')}</td>
              <td class="g">
                {low === null
                  ? ''
                  : `${formatCell(gain!, 'points')} [${formatCell(low!, 'points')}, ${formatCell(high!, 'points')}]`}
              </td>
              <td class="w">{words}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Ensemble({ study, view }: Props) {
  const { methods, labels, data } = view;
  const [chosen, setChosen] = useState<readonly string[]>(methods.map(({ method }) => method));
  const members = methods.map(({ method }) => method).filter((method) => chosen.includes(method));
  const query = new URLSearchParams([['data', data], ...members.map((member) => ['member', member])]);
  const toggle = (name: string) =>
    setChosen((names) => (names.includes(name) ? names.filter((n) => n !== name) : [...names, name]));
  return (
    <fieldset class="card">
      <legend>An ensemble of these methods</legend>
      <div class="ticks">
        {methods.map(({ method, predicted }) => (
          <label key={method}>
            <input type="checkbox" checked={chosen.includes(method)} onChange={() => toggle(method)} /> {method}{' '}
            <span class="note">{percent(shareRight(predicted, labels))}</span>
          </label>
        ))}
      </div>
      {members.length < 2 ? (
        <p role="status">Choose at least two methods.</p>
      ) : (
        <Loaded url={`/api/studies/${study}/ensembles?${query}`} />
      )}
      <p class="note">
        The best member is the one that validation picks, where its predictions are kept. Members picked here by their
        test accuracy flatter the ensemble; the analyses choose them on validation.
      </p>
    </fieldset>
  );
}

function Loaded({ url }: { readonly url: string }) {
  const loaded = useJson<Table>(url);
  return <Wait loaded={loaded}>{(table) => <Result table={table} />}</Wait>;
}
