// A few worker threads that answer numbered questions. Threads are held by the process only while a question is open.
import { Worker } from 'node:worker_threads';
import { InternalError } from '../base/errors.ts';

/** What a worker gets and posts back. */
export interface Question<Q> {
  readonly id: number;
  readonly question: Q;
}
export type Answer<A> = { readonly id: number; readonly answer: A } | { readonly id: number; readonly failure: string };

export interface Threads<Q, A> {
  /** Asks the least busy thread. Rejects with the failure that the worker told, or when its thread died. */
  ask(question: Q): Promise<A>;
  close(): void;
}

const fromSource = import.meta.url.endsWith('.ts');

/**
 * Whether threads can start: always from built files. From TypeScript sources Node has to read types itself, or a loader
 * has to reach threads; who has one says so by VITUNE_SOURCE_THREADS.
 */
export const threadsWork: boolean =
  !fromSource ||
  Boolean((process.features as { typescript?: unknown }).typescript) ||
  process.env.VITUNE_SOURCE_THREADS === '1';

/** The file of a worker beside this one. */
const workerFile = (name: string): URL => new URL(`./${name}.${fromSource ? 'ts' : 'js'}`, import.meta.url);

interface Waiting<A> {
  resolve(answer: A): void;
  reject(error: Error): void;
}

/** Starts `count` threads of src/data/<name>.ts, each with `workerData`. */
export function startThreads<Q, A>(name: string, count: number, workerData: unknown): Threads<Q, A> {
  let asked = 0;
  const threads = Array.from({ length: count }, () => {
    // Flags of the process are not for threads: one of them, --input-type, would even stop them. A loader of sources is.
    const worker = new Worker(workerFile(name), { workerData, ...(fromSource ? {} : { execArgv: [] }) });
    const waiting = new Map<number, Waiting<A>>();
    let dead: Error | undefined;
    const settle = (id: number) => {
      const held = waiting.get(id);
      waiting.delete(id);
      // A thread that nobody waits for must not keep the process; one that somebody waits for must.
      if (waiting.size === 0) worker.unref();
      return held;
    };
    const die = (cause: unknown) => {
      dead ??= new InternalError(`data: the thread ${name} stopped`, { cause });
      for (const id of [...waiting.keys()]) settle(id)?.reject(dead);
    };
    worker.unref();
    worker.on('message', (answer: Answer<A>) => {
      const held = settle(answer.id);
      if ('failure' in answer) held?.reject(new InternalError(answer.failure));
      else held?.resolve(answer.answer);
    });
    worker.on('error', die).on('exit', die);
    return {
      worker,
      waiting,
      ask: (question: Q) =>
        new Promise<A>((resolve, reject) => {
          if (dead) return reject(dead);
          const id = asked++;
          waiting.set(id, { resolve, reject });
          worker.ref();
          worker.postMessage({ id, question } satisfies Question<Q>);
        }),
    };
  });
  return {
    ask(question) {
      const idle = threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
      return idle.ask(question);
    },
    close() {
      for (const { worker } of threads) void worker.terminate();
    },
  };
}
