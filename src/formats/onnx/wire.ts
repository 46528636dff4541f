// A first look at a serialised ONNX model (protobuf wire format) that allocates nothing: how much of it is structure. An
// empty message takes two bytes in the file and hundreds in memory, so structure is limited before anything is decoded.
import type { Fail } from '../byte-source.ts';

/** Fields whose contents are numbers as they lie ('payload'), and messages on the way to them. */
type Tree = { readonly [field: number]: Tree | 'payload' };

const tensor: Tree = { 4: 'payload', 9: 'payload', 10: 'payload' }; // float_data, raw_data, double_data
/** ModelProto.graph: its initializers, and the tensors in attributes of its nodes. */
const model: Tree = { 7: { 5: tensor, 1: { 5: { 5: tensor } } } };

/** Bytes that are not the numbers of weights. Fails where the bytes are no protobuf message. */
export function structureBytes(bytes: Uint8Array, fail: Fail): number {
  let payload = 0;
  const varint = (at: number, end: number): [value: number, next: number] => {
    let value = 0;
    for (let i = 0; i < 10 && at + i < end; i++) {
      const byte = bytes[at + i]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return [value, at + i + 1];
    }
    return fail(`is no ONNX model, or truncated, at byte ${at}`);
  };
  const walk = (start: number, end: number, tree: Tree): void => {
    for (let at = start; at < end; ) {
      const [tag, afterTag] = varint(at, end);
      const wire = tag % 8;
      const below = tree[Math.floor(tag / 8)];
      if (wire === 0) at = varint(afterTag, end)[1];
      else if (wire === 1) at = afterTag + 8;
      else if (wire === 5) at = afterTag + 4;
      else if (wire === 2) {
        const [length, from] = varint(afterTag, end);
        at = from + length;
        if (at > end) fail(`is truncated: ${length} bytes from byte ${from} are needed, it has ${bytes.length}`);
        if (below === 'payload') payload += length;
        else if (below) walk(from, at, below);
      } else fail(`is no ONNX model, or damaged, at byte ${at}`);
      if (at > end) fail(`is truncated at byte ${end}`);
    }
  };
  walk(0, bytes.length, model);
  return bytes.length - payload;
}
