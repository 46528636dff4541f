// The family of data that is known, for means within groups: built-in sets and the tasks of VTAB-1k have VTAB's three (Zhai et al.
// 2019).
import { builtinNamed } from '../data/builtin/index.ts';
import { vtabTasks } from '../data/protocols/vtab-1k.ts';
import type { RunSpec } from '../train/spec.ts';

/** Undefined for data of one's own. Tasks of VTAB-1k are known by their folders' names, under its protocol. */
export function knownGroup({ data, protocol }: Pick<RunSpec, 'data' | 'protocol'>): string | undefined {
  const builtin = builtinNamed(data)?.set.group;
  if (builtin !== undefined || protocol.name !== 'vtab-1k') return builtin;
  const folder = data.split(/[\\/]/).at(-1);
  return vtabTasks.find(({ name }) => name === folder)?.group.replace(/^./, (first) => first.toUpperCase());
}
