// The family of a data set, for means within groups: what the plan says, else what is known of it. Built-in sets and the tasks of
// VTAB-1k have VTAB's three groups (Zhai et al. 2019).
import { builtinNamed } from '../data/builtin/index.ts';
import { vtabTasks } from '../data/protocols/vtab-1k.ts';
import type { DataEntry } from './plan.ts';

/** Undefined for data of one's own that the plan puts into no group. */
export function groupOf({ path, group, protocol }: Pick<DataEntry, 'path' | 'group' | 'protocol'>): string | undefined {
  const known = group ?? builtinNamed(path)?.set.group;
  if (known !== undefined || protocol.name !== 'vtab-1k') return known;
  const folder = path.split(/[\\/]/).at(-1);
  const task = vtabTasks.find(({ name }) => name === folder);
  return task?.group.replace(/^./, (first) => first.toUpperCase());
}
