// Several adapters on one backbone in memory: load, list, switch by name at each request, unload.
import { RunError } from '../base/errors.ts';
import { unknownName } from '../base/suggest.ts';
import { openHost, type UseOptions } from './host.ts';
import { type Tuned, tunedOn } from './tuned.ts';

export interface AdapterSummary {
  readonly name: string;
  readonly folder: string;
  /** The methods' names, joined by +. */
  readonly method: string;
  readonly classes: readonly string[];
  /** Scalars that belong to this adapter, head included. */
  readonly parameters: number;
}

export interface MultiAdapter {
  /** Loads the adapter of a finished run under a name. Throws RunError where the name is taken. */
  load(name: string, folder: string, options?: Pick<UseOptions, 'wiseAlpha'>): Promise<void>;
  list(): readonly AdapterSummary[];
  /** The adapter called `name`; don't dispose of it, unload it. Throws RunError with the nearest known name. */
  use(name: string): Tuned;
  unload(name: string): Promise<void>;
  /** Unloads all. */
  dispose(): Promise<void>;
}

export async function openMultiAdapter(options: Omit<UseOptions, 'wiseAlpha'> = {}): Promise<MultiAdapter> {
  const host = await openHost({ ...options, shareWeights: true });
  const adapters = new Map<string, { readonly tuned: Tuned; readonly summary: AdapterSummary }>();
  const find = (name: string) => {
    const adapter = adapters.get(name);
    if (!adapter) throw new RunError(unknownName('adapter', name, [...adapters.keys()]));
    return adapter;
  };
  const unload = async (name: string) => {
    const { tuned } = find(name);
    adapters.delete(name);
    await tuned.dispose();
  };
  return {
    async load(name, folder, use) {
      if (adapters.has(name))
        throw new RunError(`adapter ${name}: is loaded already, from ${find(name).summary.folder}; unload it first`);
      const loaded = await host.load(folder, use);
      const { config, trained } = loaded;
      const method = config.methods.map((m) => m.name).join('+');
      adapters.set(name, {
        tuned: tunedOn(loaded),
        summary: { name, folder, method, classes: config.classes, parameters: trained.count },
      });
    },
    list: () => [...adapters.values()].map(({ summary }) => summary),
    use: (name) => find(name).tuned,
    unload,
    async dispose() {
      for (const name of [...adapters.keys()]) await unload(name);
    },
  };
}
