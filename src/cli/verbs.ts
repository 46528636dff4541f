// Which commands a command line needs: the one that it names is loaded, not the engine and the database for all the others.
import type { Command } from 'commander';

/** Commands by name, and what loads each. */
export type Verbs = Readonly<Record<string, () => Promise<Command>>>;

/** The command line's words without its options. */
export const commandWords = (): readonly string[] => process.argv.slice(2).filter((word) => !word.startsWith('-'));

/** The command that `word` names, else all of them: for help, and to say what was meant. */
export function loadVerbs(verbs: Verbs, word: string | undefined): Promise<Command[]> {
  const one = word !== undefined && Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  return Promise.all(one ? [one()] : Object.values(verbs).map((load) => load()));
}
