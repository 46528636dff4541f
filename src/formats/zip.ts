// Zip archives (APPNOTE.TXT) as NumPy and torch write them: the directory by zip.js, which reads at random, knows zip64 and
// checks names and overlaps; where each member's bytes lie; and members inflated within limits.
import { Reader, Writer, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { messageOf, VituneError } from '../base/errors.ts';
import { type ByteSource, checkRange, failOf, quoted } from './byte-source.ts';

export interface ZipMember {
  readonly name: string;
  /** Bytes when unpacked, as the directory claims. */
  readonly size: number;
  /** Stored as it is: its bytes lie in the archive. */
  readonly stored: boolean;
  /** Where its data starts, bytes from the start of the archive. */
  readonly offset: number;
  /**
   * The first `length` bytes, unpacked. All of a deflated member is checked against its CRC; a stored one is taken as it
   * lies, as when it is mapped. Rejects with CheckpointError.
   */
  read(length?: number): Promise<Uint8Array>;
}

/** A checkpoint has a member a tensor. */
const maxMembers = 200_000;
/** A member of up to 256 MB may compress as well as it likes (a head of zeros does); a larger one at most a hundredfold. */
const freeBytes = 1 << 28;
const maxRatio = 100;
/** Deflate can't do better than 1032 : 1. */
const deflateRatio = 1032;

const localHeaderBytes = 30;
const enough = Symbol('enough');

/** zip.js's view of a source. */
class SourceReader extends Reader<ByteSource> {
  readonly #source: ByteSource;
  constructor(source: ByteSource) {
    super(source);
    this.#source = source;
    this.size = source.size;
  }
  override readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, Math.max(0, Math.min(length, this.#source.size - offset)));
  }
}

/** Collects up to `length` bytes, then stops the unpacking. */
class LimitedWriter extends Writer<Uint8Array> {
  readonly #bytes: Uint8Array;
  #done = 0;
  constructor(length: number) {
    super();
    this.#bytes = new Uint8Array(length);
  }
  override async writeUint8Array(chunk: Uint8Array): Promise<void> {
    const room = this.#bytes.length - this.#done;
    this.#bytes.set(chunk.subarray(0, room), this.#done);
    this.#done += Math.min(room, chunk.length);
    if (chunk.length > room) throw enough;
  }
  override async getData(): Promise<Uint8Array> {
    return this.#bytes.subarray(0, this.#done);
  }
}

/** The members by name. Rejects with CheckpointError. */
export async function readZip(source: ByteSource): Promise<ReadonlyMap<string, ZipMember>> {
  const fail = failOf(source);
  const foreseen = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof VituneError) throw error;
      return fail(`its zip archive can't be read: ${messageOf(error)}`);
    }
  };
  const archive = new ZipReader(new SourceReader(source), {
    useWebWorkers: false,
    checkSignature: true,
    checkOverlappingEntry: true,
  });
  const members = new Map<string, ZipMember>();
  const spans: [start: number, end: number][] = [];
  await foreseen(async () => {
    for await (const entry of archive.getEntriesGenerator()) {
      const { filename: name, compressionMethod, compressedSize, uncompressedSize: size } = entry;
      if (entry.directory) continue;
      if (members.size >= maxMembers) fail(`has more than ${maxMembers} members`);
      if (members.has(name)) fail(`has two members ${quoted(name)}`);
      if (entry.encrypted) fail(`member ${quoted(name)} is encrypted`);
      const stored = compressionMethod === 0;
      if (!stored && compressionMethod !== 8)
        fail(`member ${quoted(name)} is compressed by method ${compressionMethod}; stored and deflated ones are read`);
      const bomb =
        size > compressedSize * deflateRatio + 1024 || (size > freeBytes && size > compressedSize * maxRatio);
      if (stored ? size !== compressedSize : bomb)
        fail(`member ${quoted(name)} claims ${size} bytes in ${compressedSize}`);
      const offset = await dataOffset(source, entry.offset);
      checkRange(source, offset, compressedSize);
      spans.push([entry.offset, offset + compressedSize]);
      members.set(name, {
        name,
        size,
        stored,
        offset,
        read: (length = size) =>
          foreseen(async () => {
            if (stored) return source.read(offset, Math.min(length, size));
            const writer = new LimitedWriter(Math.min(length, size));
            try {
              await entry.getData(writer);
            } catch (error) {
              if (error !== enough || length >= size) throw error;
            }
            const bytes = await writer.getData();
            return bytes.length === Math.min(length, size) ? bytes : fail(`member ${quoted(name)} is truncated`);
          }),
      });
    }
  });
  spans.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < spans.length; i++)
    if (spans[i]![0] < spans[i - 1]![1]) fail('has members that overlap; is it a zip bomb?');
  return members;
}

/** The local header in front of a member has a name and extra fields of its own lengths. */
async function dataOffset(source: ByteSource, headerOffset: number): Promise<number> {
  const header = await source.read(headerOffset, localHeaderBytes);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== 0x04034b50) failOf(source)(`has no member at byte ${headerOffset}`);
  return headerOffset + localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
}
