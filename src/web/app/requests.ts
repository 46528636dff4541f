// Requests to the dashboard's server, as values and as hooks.
import { useEffect, useState } from 'preact/hooks';
import type { Failure } from '../api.ts';

/** What the server said, with its further lines. */
export class Refused extends Error {
  readonly lines: readonly string[];
  constructor({ error, lines = [] }: Failure) {
    super(error);
    this.lines = lines;
  }
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  throw new Refused(
    await response.json().then(
      (body) => body as Failure,
      () => ({ error: `the server answered ${response.status}` }),
    ),
  );
}

const away = (): never => {
  throw new Refused({ error: 'the server is away; vitune ui starts it again' });
};

export const getJson = async <T>(path: string): Promise<T> => answer(await fetch(path).catch(away));

/** Sends JSON, or bytes as they are. */
export async function post<T>(path: string, body?: unknown): Promise<T> {
  const bytes = body instanceof Blob;
  return answer(
    await fetch(path, {
      method: 'POST',
      ...(body !== undefined && { body: bytes ? body : JSON.stringify(body) }),
      headers: body === undefined || bytes ? {} : { 'Content-Type': 'application/json' },
    }).catch(away),
  );
}

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: Refused | undefined;
}

/** What a path holds; asked for again when `version` changes, the old value standing meanwhile. */
export function useJson<T>(path: string, version: unknown = 0): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { path: string }>({ path, value: undefined, error: undefined });
  // The version is why it is asked for again.
  useEffect(() => {
    let current = true;
    getJson<T>(path).then(
      (value) => current && setLoaded({ path, value, error: undefined }),
      (error: Refused) => current && setLoaded({ path, value: undefined, error }),
    );
    return () => {
      current = false;
    };
  }, [path, version]);
  return loaded.path === path ? loaded : { value: undefined, error: undefined };
}
