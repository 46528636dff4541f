import { describe, expect, it } from 'vitest';
import { bytes } from '../../test/support/bytes.ts';
import { type Member, zip } from '../../test/support/zip.ts';
import { memorySource } from './byte-source.ts';
import { readZip } from './zip.ts';

const open = (file: Uint8Array) => readZip(memorySource('x', file));
const hello = bytes('hello hello hello');
const zeros = new Uint8Array(1 << 20);

/** Reads all members, as a reader of weights would. */
async function readAll(file: Uint8Array): Promise<string[]> {
  const texts: string[] = [];
  for (const member of (await open(file)).values()) texts.push(new TextDecoder().decode(await member.read()));
  return texts;
}

it('reads stored and deflated members, whole or their first bytes', async () => {
  const file = zip([
    { name: 'a', data: hello },
    { name: 'folder/b', data: hello, deflate: true },
    { name: 'empty', data: new Uint8Array(), deflate: true },
  ]);
  const members = await open(file);
  const a = members.get('a')!;
  expect(file.subarray(a.offset, a.offset + a.size)).toEqual(hello);
  expect([...members.values()].map((m) => [m.name, m.stored, m.size])).toEqual([
    ['a', true, 17],
    ['folder/b', false, 17],
    ['empty', false, 0],
  ]);
  for (const name of ['a', 'folder/b']) {
    expect(await members.get(name)!.read()).toEqual(hello);
    expect(await members.get(name)!.read(5)).toEqual(bytes('hello'));
    expect(await members.get(name)!.read(99)).toEqual(hello);
  }
  expect(await members.get('empty')!.read()).toHaveLength(0);
});

describe('archives that lie are refused in one line:', () => {
  const one = (member: Partial<Member>) => zip([{ name: 'a', data: hello, ...member }]);
  const two = (claims: Member['claims']) =>
    zip([
      { name: 'a', data: hello, deflate: true },
      { name: 'b', data: hello, deflate: true, ...(claims && { claims }) },
    ]);
  const whole = one({ deflate: true });
  it.each<[string, Uint8Array, RegExp]>([
    ['a torn end', whole.subarray(0, whole.length - 30), /can't be read: End of central directory not found/],
    ['2 GB stored in 17 bytes', one({ claims: { size: 2 ** 31 } }), /claims 2147483648 bytes in 17/],
    ['2 GB deflated in 12', one({ deflate: true, claims: { size: 2 ** 31 } }), /claims 2147483648 bytes in/],
    [
      'a bomb: 1 MB that says it is 100 bytes',
      one({ data: zeros, deflate: true, claims: { size: 100 } }),
      /can't be read: Invalid uncompressed size/,
    ],
    ['fewer bytes than claimed', one({ deflate: true, claims: { size: 1000 } }), /is truncated|can't be read/],
    ['data beyond the end', one({ claims: { size: 2000, compressed: 2000 } }), /is truncated or lies|can't be read/],
    ['a member that is not there', one({ claims: { offset: 5 } }), /no member at byte|can't be read/],
    ['an unknown compression', one({ claims: { method: 12 } }), /by method 12; stored and deflated/],
    ['encryption', one({ claims: { flags: 1 } }), /is encrypted/],
    [
      'one name twice',
      zip([
        { name: 'a', data: hello },
        { name: 'a', data: hello },
      ]),
      /two members "a"/,
    ],
    ['two members in one place (a bomb that fits no claim)', two({ offset: 0 }), /overlap|can't be read/],
    ['damaged data', one({ deflate: true }).with(36, 0xff), /can't be read/],
    ['a name that leads out', one({ name: '../a' }), /can't be read: Unsafe filename/],
  ])('%s', async (_, file, pattern) => {
    await expect(readAll(file)).rejects.toThrow(pattern);
    await expect(readAll(file)).rejects.toThrow(/^x: [^\n]*$/);
    await expect(readAll(file)).rejects.toMatchObject({ name: 'CheckpointError' });
  });
});
