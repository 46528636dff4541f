// Checkpoints of the embedded database. A server's background process makes them; PGlite has none, so without these the write-ahead
// log grows with everything ever written, and is replayed from its start when the owner was killed.
import type { SqlSource } from './session.ts';

/** Bytes of log: replaying them takes less than a tenth of a second. */
const enough = 8 * 2 ** 20;
/** Milliseconds between two looks. */
const pause = 2000;

/** Returns what ends it, and resolves when no statement of it is under way. */
export function keepLogShort(source: SqlSource): () => Promise<void> {
  const session = source.session();
  const tidy = async () => {
    const { rows } = await session.query(
      'select (pg_current_wal_lsn() - redo_lsn)::float8 as size from pg_control_checkpoint()',
      [],
    );
    if ((rows[0]!.size as number) > enough) await session.query('checkpoint', []);
  };
  let last = Promise.resolve();
  const timer = setInterval(() => {
    // A database that can't be written to tells so to those who have something to write.
    last = last.then(tidy).catch(() => {});
  }, pause);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await last;
  };
}
