// Reads a plan from YAML and tells where in the file each value stands, so that an error about it names line and column.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type PlanInput, type PlanPreset, planSchema } from './plan.ts';
import { presetProblem, withPlanPreset } from './plan-preset.ts';

/** Keys and list indices that lead to a value. */
export type PlanPath = readonly (string | number)[];

export interface Problem {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface PlanFile {
  /** The plan, without what is wrong where it is a plan without that; undefined where it is none. */
  readonly input: PlanInput | undefined;
  readonly problems: readonly Problem[];
  /** A problem with the value at `path`, or with the nearest one above it that the file holds. */
  problemAt(path: PlanPath, message: string): Problem;
}

/** A plan is written by hand; anything longer is another file. */
const maxCharacters = 1_000_000;
/** Aliases may repeat nodes this often in all: what hands write, not what "billion laughs" needs. */
const maxAliases = 100;

function nodeAt(root: Node | null, path: PlanPath): { readonly node: Node | null; readonly key: Node | null } {
  let node = root;
  let key: Node | null = null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      key = pair.key as Node;
      node = (pair.value as Node | null) ?? key;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step]) {
      node = node.items[step] as Node;
      key = null;
    } else break;
  }
  return { node, key };
}

/** One line for what zod found; of a union, the reason of the member that came nearest. */
function issuesOf(issue: unknown, path: PlanPath): { readonly path: PlanPath; readonly message: string }[] {
  const { code, errors, message, keys } = issue as {
    code: string;
    errors?: readonly (readonly { path: PlanPath; message?: string }[])[];
    message: string;
    keys?: readonly string[];
  };
  if (code === 'invalid_union' && errors) {
    // The member that got deepest before it failed is the one that was meant.
    const depth = (issues: readonly { path: PlanPath; code?: string }[]) =>
      issues.length === 0 ? 0 : Math.max(...issues.map((i) => i.path.length + (i.code === 'invalid_type' ? 0 : 0.5)));
    const best = errors.reduce((a, b) => (depth(b) > depth(a) ? b : a), errors[0]!);
    if (errors.every(([first]) => first?.path.length === 0 && /received undefined/.test(first.message ?? '')))
      return [{ path, message: 'is missing' }];
    if (best && depth(best) > 0) return best.flatMap((inner) => issuesOf(inner, [...path, ...inner.path]));
  }
  if (code === 'unrecognized_keys' && keys)
    return keys.map((key) => ({ path: [...path, key], message: `unknown key "${key}"` }));
  return [{ path, message: message.replace(/^Invalid input: /, '') }];
}

/** A copy without the values at the paths that end in a key. */
function without(json: unknown, paths: readonly PlanPath[]): unknown {
  const copy = structuredClone(json);
  for (const path of paths) {
    const key = path.at(-1);
    let parent: unknown = copy;
    for (const step of path.slice(0, -1)) parent = (parent as Record<string | number, unknown> | undefined)?.[step];
    if (typeof key === 'string' && typeof parent === 'object' && parent !== null)
      delete (parent as Record<string, unknown>)[key];
  }
  return copy;
}

/** Parses and checks the shape. Never throws: everything wrong is in `problems`. */
export function parsePlan(text: string, presets: readonly PlanPreset[]): PlanFile {
  const lines = new LineCounter();
  if (text.length > maxCharacters)
    return failed(`is ${text.length} characters long; a plan has at most ${maxCharacters}`);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const problemAt = (path: PlanPath, message: string): Problem => {
    // What the file doesn't hold came from its preset.
    const own = path.length === 0 || !document.has('preset') || document.has(path[0]);
    const { node, key } = nodeAt(document.contents, own ? path : ['preset']);
    // An empty list or map is blamed on its key, which says what is empty.
    const blamed = key && (isMap(node) || isSeq(node)) ? key : node;
    return at(blamed?.range?.[0] ?? 0, path.length > 0 ? `${path.join('.')}: ${message}` : message);
  };
  const broken = document.errors.map((error) => at(error.pos[0], error.message.split('\n', 1)[0]!));
  if (broken.length > 0) return { input: undefined, problems: broken, problemAt };
  let json: unknown;
  try {
    json = document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    return { input: undefined, problems: [problemAt([], String((error as Error).message))], problemAt };
  }
  const unknown = presetProblem(json, presets);
  if (unknown !== undefined) return { input: undefined, problems: [problemAt(['preset'], unknown)], problemAt };
  const whole = withPlanPreset(json, presets);
  const parsed = planSchema.safeParse(whole);
  if (parsed.success) return { input: parsed.data, problems: [], problemAt };
  const wrong = parsed.error.issues.flatMap((issue) => issuesOf(issue, issue.path as PlanPath));
  const problems = wrong.map(({ path, message }) => problemAt(path, message));
  // A key too many or a wrong value keeps nothing else from being checked.
  const rest = without(
    whole,
    wrong.map(({ path }) => path),
  );
  return { input: planSchema.safeParse(rest).data, problems, problemAt };

  function failed(message: string): PlanFile {
    const problem = { line: 1, column: 1, message };
    return { input: undefined, problems: [problem], problemAt: () => problem };
  }
}
