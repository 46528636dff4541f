// A measured program in a process of its own, so that its peak memory is its own: a JSON line asks, a JSON line answers.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child {
  /** Sends a request and waits for its answer. Rejects with what the program last wrote to stderr where it ends instead. */
  ask<Answer>(request: unknown): Promise<Answer>;
  /** Closes the program's input, which ends it, and waits for that. */
  close(): Promise<void>;
}

/** Characters of stderr that an error shows. */
const shownOfErrors = 2000;

export function startChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors = (errors + part.toString()).slice(-shownOfErrors);
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (cause) => resolve(cause.message));
    child.on('close', (code) => resolve(`exit code ${code}`));
  });
  child.stdin.on('error', () => undefined); // told by the answer that doesn't come
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<Answer>(request: unknown) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await lines.next();
      if (answer.done) throw new Error(`${command} ${args[0]}: ended (${await ended}): ${errors.trim()}`);
      return JSON.parse(answer.value as string) as Answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
