// SQL sessions on a database that has a single connection: statements take turns, and a transaction holds the turn to its
// end. What PGlite runs in the process that owns it, and what others reach over a socket, look the same from here.
import type { PGlite } from '@electric-sql/pglite';

export interface SqlResult {
  readonly rows: Record<string, unknown>[];
  readonly affected: number;
}

export type TransactionEnd = 'commit' | 'rollback';

export interface SqlSession {
  /** Without values the text may hold several statements; the last one's rows come back. */
  query(text: string, values: readonly unknown[]): Promise<SqlResult>;
  begin(): Promise<void>;
  end(how: TransactionEnd): Promise<void>;
  /** Rolls back what is still open. */
  release(): Promise<void>;
}

export interface SqlSource {
  session(): SqlSession;
  close(): Promise<void>;
}

/** The database went away. To the store it looks like a lost connection: try again. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
}

export interface LocalSource extends SqlSource {
  /** `last` is run before the end, when no other statement can follow. Those that still wait are told that the database is gone. */
  close(last?: (source: SqlSource) => Promise<void>): Promise<void>;
}

/** The sessions of a PGlite in this process. */
export function localSource(opening: Promise<PGlite>): LocalSource {
  let last: Promise<void> = Promise.resolve();
  let closed = false;
  /** Waits for the turn and returns what ends it. */
  async function turn(): Promise<() => void> {
    const before = last;
    let done = () => {};
    last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }
  async function run(text: string, values: readonly unknown[]): Promise<SqlResult> {
    const pg = await opening;
    if (closed) throw new ConnectionLost('the study store was closed');
    const result = values.length > 0 ? await pg.query(text, [...values]) : (await pg.exec(text)).at(-1);
    return { rows: (result?.rows ?? []) as Record<string, unknown>[], affected: result?.affectedRows ?? 0 };
  }
  function sessionOf(takeTurn: typeof turn): SqlSession {
    let endTurn: (() => void) | undefined;
    const end = async (how: TransactionEnd) => {
      const done = endTurn;
      if (!done) return; // it never began: the transaction that is open is another session's
      endTurn = undefined; // who goes meanwhile has nothing left to roll back
      try {
        await run(how, []);
      } finally {
        done();
      }
    };
    return {
      async query(text, values) {
        if (endTurn) return run(text, values);
        const done = await takeTurn();
        try {
          return await run(text, values);
        } finally {
          done();
        }
      },
      async begin() {
        const done = await takeTurn();
        try {
          await run('begin', []);
          endTurn = done;
        } catch (error) {
          done();
          throw error;
        }
      },
      end,
      async release() {
        await end('rollback');
      },
    };
  }
  return {
    session: () => sessionOf(turn),
    async close(last) {
      const done = await turn();
      const within = async () => () => {}; // in the turn that `close` has
      await last?.({ session: () => sessionOf(within), close: async () => {} });
      closed = true;
      await (await opening).close();
      done();
    },
  };
}
