// A line at the end of the terminal that is drawn anew, and lines that go above it. Where the stream is no terminal, there are
// only the latter.
import { createLogUpdate } from 'log-update';

export interface LiveLine {
  /** Undefined where the stream is no terminal. */
  readonly draw: ((text: string) => void) | undefined;
  /** Writes a line that stays, in place of the live one. */
  line(text: string): void;
  /** Takes the live line away. */
  clear(): void;
}

export function createLiveLine(stream: NodeJS.WriteStream): LiveLine {
  const draw = stream.isTTY ? createLogUpdate(stream) : undefined;
  const clear = () => draw?.clear();
  return {
    draw,
    clear,
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
  };
}
