// The import rules: which room may import from which, who may import which package, no cycles, no method's name outside its
// room. Rooms are the folders below src/.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What a room may import from besides itself. A room that isn't here fails the test: decide where it stands. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  formats: ['base'],
  graph: ['base', 'formats'],
  runtime: ['base', 'graph'],
  model: ['base', 'formats', 'graph'],
  methods: ['base', 'graph', 'model'],
  data: ['base', 'formats'],
  train: ['base', 'formats', 'graph', 'runtime', 'model', 'methods', 'data'],
  'index.ts': ['base', 'runtime', 'model', 'methods', 'data', 'train', 'advise', 'exchange', 'hub'],
  analysis: ['base'],
  advise: ['base', 'formats', 'graph', 'runtime', 'model', 'methods', 'data', 'train', 'analysis'],
  report: ['base', 'analysis'],
  // Of train, types, the spec and metrics only, of data the protocols: the run function and the data are handed in. Of
  // report, what it is made from.
  study: ['base', 'formats', 'methods', 'train', 'data', 'analysis', 'report'],
  // Of study, the type of a plan only; of data, names.
  presets: ['data', 'study'],
  hub: ['base', 'model'],
  exchange: ['base', 'formats', 'graph', 'runtime', 'model', 'methods', 'data', 'train'],
  web: ['base', 'formats', 'methods', 'model', 'data', 'train', 'study', 'analysis', 'report'],
  studies: ['base', 'formats', 'model', 'runtime', 'data', 'train', 'study', 'presets', 'analysis'],
  cli: [
    'base',
    'formats',
    'graph',
    'runtime',
    'model',
    'methods',
    'data',
    'train',
    'study',
    'studies',
    'presets',
    'exchange',
    'hub',
    'analysis',
    'advise',
    'report',
    'web',
  ],
};

/** Packages with one home. */
const homes: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'runtime',
  'onnxruntime-web': 'runtime',
  'onnxruntime-common': 'runtime',
  'onnx-proto': 'formats',
  '@huggingface/tokenizers': 'model',
  '@zip.js/zip.js/lib/zip-core-native.js': 'formats',
  sharp: 'data',
  re2js: 'exchange',
  '@huggingface/hub': 'hub',
  'csv-parse': 'data',
  hyparquet: 'data',
  'hyparquet-compressors': 'data',
  commander: 'cli',
  'log-update': 'cli',
  'cli-table3': 'cli',
  picocolors: 'cli',
  yaml: 'study',
  kysely: 'study',
  pg: 'study',
  'pg-boss': 'study',
  '@electric-sql/pglite': 'study',
  hono: 'web',
  'hono/cookie': 'web',
  'hono/body-limit': 'web',
  'hono/streaming': 'web',
  '@hono/node-server': 'web',
  preact: 'web',
  'preact/hooks': 'web',
};

/** Files outside runtime, data, train, exchange, hub and cli that touch the disk; everything else there runs in a browser too. */
const diskFiles = /(-file|\/load|\/locate)\.ts$/;

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const imports = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'/g)].map(
      (match) => match[1]!,
    );
    return { path, room: path.split('/')[0]!, text, imports };
  });

const target = (file: SourceFile, specifier: string): string => relative(src, join(src, dirname(file.path), specifier));

describe('imports', () => {
  it('go only from a room to those below it', () => {
    const broken = files.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => target(file, specifier).split('/')[0]!)
        .filter((room) => room !== file.room && !(allowed[file.room] ?? []).includes(room))
        .map((room) => `${file.path} -> ${room}`),
    );
    expect(broken).toEqual([]);
  });

  it('of the model room are its vocabulary only, for methods', () => {
    const broken = files
      .filter((file) => file.room === 'methods')
      .flatMap((file) =>
        file.imports
          .filter((s) => s.includes('/model/') && !/\/(sites|config|tokens)\.ts$/.test(s))
          .map((s) => `${file.path} -> ${s}`),
      );
    expect(broken).toEqual([]);
  });

  it('of the formats room are ONNX only, for graphs', () => {
    const broken = files
      .filter((file) => file.room === 'graph')
      .flatMap((file) =>
        file.imports
          .filter((s) => s.includes('/formats/') && !s.includes('/formats/onnx/'))
          .map((s) => `${file.path} -> ${s}`),
      );
    expect(broken).toEqual([]);
  });

  it('of the train room are the spec, its options, metrics and types, for studies', () => {
    const broken = files
      .filter((file) => file.room === 'study')
      .flatMap((file) =>
        [...file.text.matchAll(/import (?!type )[^;]*?from '([^']*\/train\/[^']+)'/g)]
          .filter((match) => !/\/(spec|presets|training-options|metrics)\.ts$/.test(match[1]!))
          .map((match) => `${file.path} -> ${match[1]}`),
      );
    expect(broken).toEqual([]);
  });

  it('of the data room are the protocols, for studies', () => {
    const broken = files
      .filter((file) => file.room === 'study')
      .flatMap((file) =>
        file.imports
          .filter((s) => s.includes('/data/') && !s.includes('/data/protocols/'))
          .map((s) => `${file.path} -> ${s}`),
      );
    expect(broken).toEqual([]);
  });

  it('of a package with a home are there only', () => {
    const broken = files.flatMap((file) =>
      file.imports.filter((s) => homes[s] !== undefined && homes[s] !== file.room).map((s) => `${file.path} -> ${s}`),
    );
    expect(broken).toEqual([]);
  });

  it("of the dashboard's pages are types, pure options, analyses and report builders only", () => {
    const values = (text: string) =>
      [...text.matchAll(/(?:^|\n)import (?!type )[^;]*?from\s+'(\.[^']+)'/g)].map((match) => match[1]!);
    const broken = files
      .filter((file) => file.path.startsWith('web/app/'))
      .flatMap((file) =>
        values(file.text)
          .filter((s) => !/^(web\/app|base|analysis|report)\//.test(target(file, s)))
          .map((s) => `${file.path} -> ${s}`),
      );
    expect(broken).toEqual([]);
  });

  it('of node:* stay out of what runs in a browser', () => {
    const broken = files
      .filter(
        (file) =>
          (['base', 'formats', 'graph', 'model', 'methods', 'analysis', 'report'].includes(file.room) ||
            file.path.startsWith('web/app/')) &&
          !diskFiles.test(file.path),
      )
      .flatMap((file) => file.imports.filter((s) => s.startsWith('node:')).map((s) => `${file.path} -> ${s}`));
    expect(broken).toEqual([]);
  });

  it('have no cycles', () => {
    const edges = new Map(
      files.map((file) => [file.path, file.imports.filter((s) => s.startsWith('.')).map((s) => target(file, s))]),
    );
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')];
      if (done.has(path)) return [];
      const found = (edges.get(path) ?? []).flatMap((next) => visit(next, [...trail, path]));
      done.add(path);
      return found;
    };
    expect([...edges.keys()].flatMap((path) => visit(path, []))).toEqual([]);
  });
});

it("no code outside methods/ knows a method's name, but for plans as data", () => {
  const names = files
    .filter((file) => file.room === 'methods')
    .flatMap((file) => [...file.text.matchAll(/defineMethod\(\{\s*name: '([^']+)'/g)].map((match) => match[1]!));
  expect(names.length).toBeGreaterThanOrEqual(5);
  // Words with other meanings: an operator and a kind of site, English words, transformers' name of the last norm, what a run leaves.
  const telling = names.filter(
    (name) => !['linear', 'full', 'layernorm', 'adapter', 'prefix', 'partial'].includes(name),
  );
  const code = (text: string) => text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const broken = files
    .filter(({ room }) => room !== 'methods' && room !== 'presets')
    .flatMap((file) =>
      telling
        .filter((name) => new RegExp(`['"\`]${name}['"\`]`).test(code(file.text)))
        .map((name) => `${file.path}: '${name}'`),
    );
  expect(broken).toEqual([]);
});
