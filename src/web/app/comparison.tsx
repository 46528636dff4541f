// Runs side by side, of a study or single ones: their curves, and a table of what differs, which the page gives.
import type { ComponentChildren } from 'preact';
import { type Curves, EpochCharts } from './epoch-charts.tsx';

/** Runs compared at most: the palette has eight colours. */
const mostCompared = 8;

/** The chosen ones after a tick was set or taken away: of too many, the newest. */
export const toggled = (chosen: readonly string[], id: string): readonly string[] =>
  chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-mostCompared);

interface Props {
  readonly runs: readonly Curves[];
  readonly onClose: () => void;
  /** The table's head and body. */
  readonly children: ComponentChildren;
}

export function Comparison({ runs, onClose, children }: Props) {
  return (
    <section class="card compare" aria-label="Comparison of runs">
      <h2>{runs.length === 1 ? 'One run' : `${runs.length} runs compared`}</h2>
      <button type="button" class="corner" onClick={onClose}>
        Close
      </button>
      <EpochCharts runs={runs} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Compared runs">
        <table>{children}</table>
      </section>
    </section>
  );
}
