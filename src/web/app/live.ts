// The event stream: the newest snapshot of the store, and whether the server is there.
import { useEffect, useState } from 'preact/hooks';
import type { Snapshot } from '../api.ts';

export interface LiveState {
  readonly snapshot: Snapshot | undefined;
  readonly connected: boolean;
}

export function useLive(): LiveState {
  const [state, setState] = useState<LiveState>({ snapshot: undefined, connected: true });
  useEffect(() => {
    const events = new EventSource('/api/events');
    events.addEventListener('snapshot', ({ data }: MessageEvent<string>) =>
      setState({ snapshot: JSON.parse(data) as Snapshot, connected: true }),
    );
    events.addEventListener('open', () => setState(({ snapshot }) => ({ snapshot, connected: true })));
    // The browser connects again by itself.
    events.addEventListener('error', () => setState(({ snapshot }) => ({ snapshot, connected: false })));
    return () => events.close();
  }, []);
  return state;
}

/** `value`, but changed at most once in `milliseconds`: what follows from it is costly. */
export function useCalm<T>(value: T, milliseconds: number): T {
  const [calm, setCalm] = useState({ value, at: 0 });
  useEffect(() => {
    if (value === calm.value) return;
    const wait = Math.max(0, calm.at + milliseconds - Date.now());
    const timer = setTimeout(() => setCalm({ value, at: Date.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, calm, milliseconds]);
  return calm.value;
}
