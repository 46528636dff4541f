// Icon sets from npm in Iconify's JSON form: drawings by name, and names by category. They are optional packages; they are
// looked for beside vitune and below the working folder.
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';

interface Icon {
  readonly body: string;
  readonly width?: number;
  readonly height?: number;
}
interface IconFile {
  readonly width?: number;
  readonly height?: number;
  readonly icons: Readonly<Record<string, Icon>>;
}
interface MetadataFile {
  readonly categories: Readonly<Record<string, readonly string[]>>;
}

export interface IconSet {
  /** `@iconify-json/noto@1.2.9`: what tells its drawings from those of any other version. */
  readonly id: string;
  /** Category as the set calls it -> names of its icons, in the set's order. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
  /** A name's drawing as SVG, black where the set leaves the colour open. */
  draw(name: string): string;
}

function packageFolder(name: string): string {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')])
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  throw new DataError(`data: needs the package ${name}, which isn't installed; run: npm install ${name}`);
}

const opened = new Map<string, Promise<IconSet>>();

async function read(name: string): Promise<IconSet> {
  const folder = packageFolder(name);
  const json = async <T>(file: string) => JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
  try {
    const { version } = await json<{ version: string }>('package.json');
    const set = await json<IconFile>('icons.json');
    const { categories } = await json<MetadataFile>('metadata.json');
    const drawn = ([category, names]: [string, readonly string[]]) =>
      [category, names.filter((icon) => Object.hasOwn(set.icons, icon))] as const;
    return {
      // A package that was changed in place is told by its file's size.
      id: `${name}@${version}:${(await stat(join(folder, 'icons.json'))).size}`,
      categories: new Map(Object.entries(categories).map(drawn)),
      draw(icon) {
        const { body, width = set.width ?? 16, height = set.height ?? 16 } = set.icons[icon]!;
        const colours = body.replaceAll('currentColor', '#000');
        return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${colours}</svg>`;
      },
    };
  } catch (cause) {
    throw new DataError(`data: the package ${name} in ${folder} can't be read: ${messageOf(cause)}; install it again`, {
      cause,
    });
  }
}

/** Opens the icon set of an npm package; its drawings (up to 25 MB) are read once in a process. Throws DataError. */
export function openIconSet(name: string): Promise<IconSet> {
  const known = opened.get(name) ?? read(name);
  opened.set(name, known);
  known.catch(() => opened.delete(name)); // it may be installed by the next time
  return known;
}
