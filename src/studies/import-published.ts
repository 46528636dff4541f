// The published study's 503 results, which ship with the package, as records to compare one's own with.
import { loadPublishedStudy } from '../analysis/published/load.ts';
import { variantName } from '../analysis/published/study.ts';
import { vtabTasks } from '../data/protocols/vtab-1k.ts';
import type { Reference } from '../study/references.ts';

/** The name that `import` knows them by. */
export const publishedName = 'published';

export function publishedReferences(): Reference[] {
  const { results, sets, grids } = loadPublishedStudy();
  // The first sets are VTAB's, in its order: the tasks' names as folders have them lead to the same results.
  const taskOf = new Map(sets.map(({ name }, i) => [name, vtabTasks[i]?.name ?? name]));
  return results.map((result) => {
    const { protocol, set, pictures, test, parameters, grid, best } = result;
    const { names, points } = grids[grid]!;
    const method = variantName(result);
    return {
      path: `${protocol}/${set}/${taskOf.get(set)}/${pictures}/${method}`,
      protocol,
      method,
      test_top1: test,
      parameters,
      best: Object.fromEntries(names.map((name, i) => [name, points[best]![i]!])),
    };
  });
}
