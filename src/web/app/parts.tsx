// Small parts that several pages have.
import type { ComponentChildren } from 'preact';
import type { Loaded, Refused } from './requests.ts';

export function Problem({ error }: { readonly error: Refused }) {
  return (
    <div class="problem" role="alert">
      <b>{error.message}</b>
      {error.lines.length > 0 && <pre>{error.lines.join('\n')}</pre>}
    </div>
  );
}

/** What was asked for, or why it isn't there, or that it comes. */
export function Wait<T>({ loaded, children }: { loaded: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (loaded.error) return <Problem error={loaded.error} />;
  if (loaded.value === undefined)
    return (
      <p class="note" role="status">
        Loading…
      </p>
    );
  return <>{children(loaded.value)}</>;
}

export function Bar({ share, label }: { readonly share: number; readonly label: string }) {
  const value = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  return <progress class="bar-line" value={value} max={1} aria-label={label} />;
}

interface FindFieldProps {
  readonly text: string;
  readonly placeholder: string;
  readonly onText: (text: string) => void;
}

export function FindField({ text, placeholder, onText }: FindFieldProps) {
  return (
    <label>
      Find{' '}
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}

export interface PagerProps {
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
}

export function Pager({ page, pages, onPage }: PagerProps) {
  if (pages < 2) return null;
  return (
    <div class="pager">
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span aria-live="polite">
        page {page + 1} of {pages}
      </span>
      <button type="button" disabled={page >= pages - 1} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </div>
  );
}
