// Fits a file's tensors to the parameters of a network. Strict: any tensor that is missing, extra or of another shape is a
// difference, and all of them are listed.
import { CheckpointError } from '../base/errors.ts';
import { bytesPerElement, float32, type Shape, sameShape, showShape, sizeOf, type Tensor } from '../base/tensor.ts';
import { widen } from '../formats/half.ts';
import type { FileSlice } from '../graph/types.ts';
import { headParameters } from './checkpoint-head.ts';
import { backboneParameters } from './config.ts';
import type { Checkpoint, Source } from './families/family.ts';
import type { StoredTensor, TensorSource } from './tensor-source.ts';

/** A parameter and what the file has for it. */
export interface Fitted {
  readonly name: string;
  readonly shape: Shape;
  readonly source: Source;
  readonly stored: StoredTensor;
  /** The tensor whose rows come after, where there is one. */
  readonly following?: StoredTensor | undefined;
}

export interface Fit {
  readonly fitted: ReadonlyMap<string, Fitted>;
  /** Names and shapes that the file should have, or has beyond. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshapen: readonly { readonly name: string; readonly wanted: Shape; readonly found: Shape }[];
  /** Tensors that the family declares to be no part of backbone or head. */
  readonly ignored: readonly string[];
}

/** The same elements in the same order: axes of size 1 in front don't count. */
const trimmed = (shape: Shape): Shape =>
  shape.slice(
    Math.max(
      0,
      shape.findIndex((d) => d !== 1),
    ),
  );

/** Rows that a source takes of its tensor, as the parameter's shape without axes of size 1 in front. */
function takenShape(
  { rows, arranged }: Source,
  stored: Shape,
  following: Shape | undefined,
  wanted: Shape,
): Shape | undefined {
  if (arranged) return sameShape(arranged.shape, stored) ? wanted : undefined;
  if (following)
    return sameShape(stored.slice(1), following.slice(1)) ? stored.with(0, stored[0]! + following[0]!) : undefined;
  if (!rows) return stored;
  return stored.length > 0 && rows[1] <= stored[0]! ? stored.with(0, rows[1] - rows[0]) : undefined;
}

export function fitTensors(file: TensorSource, { config, head, source: sourceOf, ignores }: Checkpoint): Fit {
  const fitted = new Map<string, Fitted>();
  const missing = new Map<string, string>();
  const misshapen: { name: string; wanted: Shape; found: Shape }[] = [];
  const used = new Set<string>();
  // A fused tensor has as many rows as the last of its parts ends with.
  const fusedRows = new Map<string, number>();
  const wanted = [...backboneParameters(config), ...(head ? headParameters(config, head) : [])];
  for (const { name } of wanted) {
    const { name: stored, rows } = sourceOf(name);
    if (rows) fusedRows.set(stored, Math.max(rows[1], fusedRows.get(stored) ?? 0));
  }
  for (const { name, shape } of wanted) {
    const source = sourceOf(name);
    const whole = source.rows ? shape.with(0, fusedRows.get(source.name)!) : (source.arranged?.shape ?? shape);
    const stored = file.tensors.get(source.name);
    const following = source.followedBy === undefined ? undefined : file.tensors.get(source.followedBy);
    if (!stored) missing.set(source.name, `${source.name} ${showShape(whole)}`);
    if (source.followedBy !== undefined && !following) missing.set(source.followedBy, source.followedBy);
    if (!stored || (source.followedBy !== undefined && !following)) continue;
    const first = !used.has(source.name);
    used.add(source.name);
    if (source.followedBy !== undefined) used.add(source.followedBy);
    const taken = takenShape(source, stored.shape, following?.shape, shape);
    const rowsFit = !source.rows || stored.shape[0] === fusedRows.get(source.name);
    if (taken && rowsFit && sameShape(trimmed(taken), trimmed(shape)))
      fitted.set(name, { name, shape, source, stored, following });
    else if (first) misshapen.push({ name: source.name, wanted: whole, found: stored.shape });
  }
  const rest = [...file.tensors.keys()].filter((name) => !used.has(name));
  return {
    fitted,
    missing: [...missing.values()],
    misshapen,
    extra: rest.filter((name) => !ignores(name)).map((name) => `${name} ${showShape(file.tensors.get(name)!.shape)}`),
    ignored: rest.filter(ignores),
  };
}

/** The differences, one a line: `-` wanted, `+` in the file. */
export function differences({ missing, misshapen, extra }: Fit): readonly string[] {
  return [
    ...missing.map((line) => `- ${line}`),
    ...misshapen.flatMap(({ name, wanted, found }) => [
      `- ${name} ${showShape(wanted)}`,
      `+ ${name} ${showShape(found)}`,
    ]),
    ...extra.map((line) => `+ ${line}`),
  ];
}

/** Throws CheckpointError unless every parameter fits and nothing is left over. */
export function requireFit(file: TensorSource, family: string, result: Fit): void {
  const lines = differences(result);
  if (lines.length === 0) return;
  const counts = [
    result.missing.length && `${result.missing.length} missing`,
    result.extra.length && `${result.extra.length} extra`,
    result.misshapen.length && `${result.misshapen.length} of another shape`,
  ].filter(Boolean);
  throw new CheckpointError(
    `${file.path}: doesn't fit its config.json (${family}): ${counts.join(', ')} (- wanted, + in the file)`,
    { lines },
  );
}

/** Where the parameter's bytes lie, if they are the parameter as they are. */
export function sliceOf({ source, stored, following }: Fitted): FileSlice | undefined {
  const { slice, shape, dtype } = stored;
  if (!slice || following || source.arranged) return undefined;
  if (!source.rows) return slice;
  const rowBytes = bytesPerElement[dtype] * sizeOf(shape.slice(1));
  const [start, end] = source.rows;
  return { ...slice, offset: slice.offset + start * rowBytes, byteLength: (end - start) * rowBytes };
}

/** The parameter's values. Rejects with CheckpointError. */
export async function readFitted({ shape, source, stored, following }: Fitted): Promise<Tensor<'float32'>> {
  const whole = widen(await stored.load());
  if (source.arranged) return source.arranged.restore(whole);
  if (following) {
    const rest = widen(await following.load());
    const data = new Float32Array(whole.data.length + rest.data.length);
    data.set(whole.data);
    data.set(rest.data, whole.data.length);
    return float32(shape, data);
  }
  if (!source.rows) return float32(shape, whole.data);
  const row = sizeOf(whole.shape.slice(1));
  return float32(shape, whole.data.slice(source.rows[0] * row, source.rows[1] * row));
}
