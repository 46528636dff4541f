// A contact sheet: one HTML file that shows what the doctor found, finding by finding, copies side by side, and then some
// pictures of each class. It needs no network and runs no script.
import sharp from 'sharp';
import { distinctPictures, type Listing, type Picture } from '../dataset.ts';
import { decode } from '../decode.ts';
import { inOrder } from '../in-order.ts';
import type { DataReport } from './check.ts';
import { sheetStyle, thumbnailSide } from './sheet-style.ts';
import type { LabelReport } from './suspect-labels.ts';

const perClass = 12;
/** Of a finding, and of one group of copies; the rest is counted. A sheet stays at some megabytes. */
const groupsShown = 40;
const picturesShown = 120;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** JPEG as a data URL; undefined where the picture can't be decoded. */
async function thumbnail(picture: Picture): Promise<string | undefined> {
  try {
    const { width, height, rgb } = await decode(picture.name, await picture.read(), thumbnailSide);
    const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .resize(2 * thumbnailSide, 2 * thumbnailSide, { fit: 'inside', withoutEnlargement: true }) // sharp on dense screens
      .jpeg({ quality: 75 })
      .toBuffer();
    return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
  } catch {
    return undefined;
  }
}

/** A picture to show, and what is said of it besides its name. */
interface Shown {
  readonly picture: Picture;
  /** Its label, or what is wrong with it. */
  readonly note: string;
}

async function figure({ picture, note }: Shown): Promise<string> {
  const name = escaped(picture.name);
  const source = await thumbnail(picture);
  const image = source ? `<img alt="${name}" src="${source}" loading="lazy">` : '<div class="none">unreadable</div>';
  return `<figure>${image}<figcaption><strong>${escaped(note)}</strong><span title="${name}">${name}</span></figcaption></figure>`;
}

async function row(shown: readonly Shown[]): Promise<string> {
  const figures: string[] = [];
  for await (const { result } of inOrder(shown.slice(0, picturesShown), figure)) figures.push(result);
  const more = shown.length - picturesShown;
  return `<div class="row">${figures.join('')}${more > 0 ? `<p>and ${more} more</p>` : ''}</div>`;
}

/** One heading of the sheet: groups of pictures, each a row, or lines of text. */
interface Section {
  readonly title: string;
  readonly count: number;
  readonly about: string;
  readonly groups: readonly (readonly Shown[])[];
  readonly lines?: readonly string[];
}

function findings(listing: Listing, report: DataReport & Partial<LabelReport>): Section[] {
  const { classes, parts } = listing;
  const pictures = new Map(distinctPictures(listing).map((picture) => [picture.name, picture]));
  const partsOf = new Map<string, string[]>();
  for (const [part, held] of parts)
    for (const { name } of held) partsOf.set(name, [...(partsOf.get(name) ?? []), part]);
  const shown = (name: string, note?: string): Shown => {
    const picture = pictures.get(name)!;
    return { picture, note: note ?? `${classes[picture.label]} (${partsOf.get(name)!.join(', ')})` };
  };
  const groups = (title: string, about: string, found: readonly (readonly string[])[]): Section => ({
    title,
    count: found.length,
    about,
    groups: found.map((names) => names.map((name) => shown(name))),
  });
  const list = (title: string, about: string, found: readonly Shown[]): Section => ({
    title,
    count: found.length,
    about,
    groups: found.length > 0 ? [found] : [],
  });
  const { suspicious = [], agreement = 0 } = report;
  return [
    groups('In several splits', 'What is tested on was trained on.', report.leaks),
    groups('Copies with different labels', 'At most one of the labels is right.', report.conflicts),
    list(
      'Suspicious labels',
      `A classifier on the model's features, which agrees with ${(100 * agreement).toFixed(0)} % of all labels, takes these for wrong.`,
      suspicious.map(({ name, label, suggested, confidence }) =>
        shown(name, `${label} → ${suggested}? ${(100 * confidence).toFixed(0)} %`),
      ),
    ),
    groups('Copies', 'Equal bytes, or equal looks.', report.duplicates),
    list(
      'Tiny',
      'A side is too short to show much.',
      report.tiny.map((name) => shown(name)),
    ),
    list(
      'Of odd size',
      'Very long, or far from the usual size.',
      report.odd.map((name) => shown(name)),
    ),
    {
      title: 'Unreadable',
      count: report.unreadable.length,
      about: 'Training leaves these out.',
      groups: [],
      lines: report.unreadable.map((name) => report.reasons[name]!),
    },
  ].filter(({ count }) => count > 0);
}

/** A spread over each class, not its beginning. */
function samples({ classes }: Listing, pictures: readonly Picture[]): Section[] {
  return classes.map((title, label) => {
    const own = pictures.filter((picture) => picture.label === label);
    const step = Math.max(1, own.length / perClass);
    const chosen = Array.from({ length: Math.min(perClass, own.length) }, (_, i) => own[Math.floor(i * step)]!);
    return { title, count: own.length, about: '', groups: [chosen.map((picture) => ({ picture, note: '' }))] };
  });
}

async function section({ title, count, about, groups, lines }: Section, id: string): Promise<string> {
  const rows: string[] = [];
  for (const group of groups.slice(0, groupsShown)) rows.push(await row(group));
  const more = groups.length > groupsShown ? `<p>and ${groups.length - groupsShown} more</p>` : '';
  const text = lines ? `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>` : '';
  return `<section id="${id}"><h2>${escaped(title)} <small>${count}</small></h2><p>${escaped(about)}</p>${rows.join('')}${more}${text}</section>`;
}

/** The sheet as HTML. Pictures that can't be decoded are named. */
export async function contactSheet(listing: Listing, report: DataReport & Partial<LabelReport>): Promise<string> {
  const found = findings(listing, report);
  const classes = samples(listing, distinctPictures(listing));
  const links = found.map(
    ({ title, count }, i) => `<a href="#finding-${i}">${escaped(title)} <small>${count}</small></a>`,
  );
  const body: string[] = [];
  for (const [i, each] of found.entries()) body.push(await section(each, `finding-${i}`));
  for (const [i, each] of classes.entries()) body.push(await section(each, `class-${i}`));
  const summary = `${report.pictures} pictures, ${listing.classes.length} classes, ${Object.entries(report.splits)
    .map(([split, n]) => `${n} ${split}`)
    .join(', ')}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(listing.name)}: contact sheet</title>
<style>${sheetStyle}</style></head><body><header><h1>${escaped(listing.name)}</h1><p>${escaped(summary)}</p>
<nav>${links.join('') || 'nothing found'}<a href="#class-0">Classes</a></nav></header><main>
${body.join('\n')}
</main></body></html>
`;
}
