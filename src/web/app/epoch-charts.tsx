// Loss and accuracy of some runs by epoch.
import type { EpochRecord } from '../api.ts';
import { epochChart } from './curve-chart.ts';

const charts: readonly {
  readonly title: string;
  readonly value: (epoch: EpochRecord) => number;
  readonly format: (value: number) => string;
}[] = [
  { title: 'training loss, nats', value: ({ train }) => train.loss, format: (v) => String(Number(v.toPrecision(3))) },
  { title: 'validation top-1, %', value: ({ val }) => val?.top1 ?? Number.NaN, format: (v) => (100 * v).toFixed(1) },
];

/** Pixels that a chart has room for, so that its text stays as large as the page's. */
const chartWidth = (): number => (innerWidth < 700 ? 330 : 520);

export interface Curves {
  readonly label: string;
  readonly epochs: readonly EpochRecord[];
}

export function EpochCharts({ runs }: { readonly runs: readonly Curves[] }) {
  return (
    <div class="pair">
      {charts.map(({ title, value, format }) => {
        const curves = runs.map(({ label, epochs }) => ({
          label,
          values: epochs.map((epoch) => [epoch.epoch + 1, value(epoch)] as const),
        }));
        const chart = epochChart({ title, format, curves }, chartWidth());
        // The report's builders escape everything that they are given.
        return chart ? (
          <div key={title} class="chart" dangerouslySetInnerHTML={{ __html: chart.html }} />
        ) : (
          <p key={title} class="note">
            No {title.split(',')[0]} yet.
          </p>
        );
      })}
    </div>
  );
}
