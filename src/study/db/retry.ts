// Tries again what failed because the database was away for a while: a server that restarts, a study process that was
// started anew. Everything tried again must be safe to run twice, since an answer may be lost after the work was done.

/** Milliseconds that a database may be away: a server's restart with recovery, with room. */
const patience = 120_000;
const pause = 500;

/** PostgreSQL's classes 08 (connection), 57P (shut down, starting up), 40 (serialization, deadlock), and the network's own. */
function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== undefined) return /^(08|57P|40)/.test(code) || /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH)/.test(code);
  return /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable/i.test(
    message ?? '',
  );
}

/** Milliseconds for which an error is waited out by default. */
const whileAway = (error: unknown): number => (isPassing(error) ? patience : 0);

/** Works until it succeeds. An error is thrown once its `patience` (milliseconds since the first try) is over; 0 = at once. */
export async function withRetry<T>(work: () => Promise<T>, patienceWith = whileAway): Promise<T> {
  const started = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() - started >= patienceWith(error)) throw error;
      await new Promise((wake) => setTimeout(wake, pause));
    }
  }
}
