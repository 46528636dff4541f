// Numbers and times as the pages show them.
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)}\u00a0%`;

export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Of a time in milliseconds since 1970. */
export const when = (time: number): string =>
  new Date(time).toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'medium' });

const plain = (value: unknown): string => (Array.isArray(value) ? value.join('+') : String(value));

export const params = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${plain(value)}`)
    .join(', ');
