// A contact sheet: one HTML file with what the doctor found, side by side, and some pictures of each class. It needs no network.
import sharp from 'sharp';
import type { Listing, Picture } from '../dataset.ts';
import { decode } from '../decode.ts';
import type { DataReport } from './check.ts';

const perClass = 12;
const groupsShown = 40;
/** Pixels of a thumbnail's longer side. */
const side = 96;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

async function figure(picture: Picture, caption: string): Promise<string> {
  const name = escaped(picture.name);
  try {
    const { width, height, rgb } = await decode(picture.name, await picture.read(), side);
    const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .resize(side, side, { fit: 'inside', withoutEnlargement: false })
      .jpeg({ quality: 80 })
      .toBuffer();
    return `<figure><img alt="${name}" src="data:image/jpeg;base64,${jpeg.toString('base64')}"><figcaption title="${name}">${escaped(caption)}</figcaption></figure>`;
  } catch {
    return `<figure><div class="none">unreadable</div><figcaption title="${name}">${escaped(caption)}</figcaption></figure>`;
  }
}

/** The sheet as HTML. Pictures that can't be decoded are named. */
export async function contactSheet(listing: Listing, report: DataReport): Promise<string> {
  const { classes, parts, name } = listing;
  const pictures = new Map([...parts.values()].flat().map((picture) => [picture.name, picture]));
  const row = async (names: readonly string[]) => {
    const figures = [];
    for (const each of names) figures.push(await figure(pictures.get(each)!, each));
    return `<div class="row">${figures.join('')}</div>`;
  };
  const sections: string[] = [];
  const section = async (title: string, groups: readonly (readonly string[])[]) => {
    if (groups.length === 0) return;
    const rows = [];
    for (const group of groups.slice(0, groupsShown)) rows.push(await row(group.slice(0, perClass)));
    const more = groups.length > groupsShown ? `<p>and ${groups.length - groupsShown} more</p>` : '';
    sections.push(`<h2>${escaped(title)} (${groups.length})</h2>${rows.join('')}${more}`);
  };
  await section('In several splits', report.leaks);
  await section('Copies with different labels', report.conflicts);
  await section('Copies', report.duplicates);
  await section('Tiny', report.tiny.length > 0 ? [report.tiny] : []);
  await section('Of odd size', report.odd.length > 0 ? [report.odd] : []);
  if (report.unreadable.length > 0)
    sections.push(
      `<h2>Unreadable (${report.unreadable.length})</h2><ul>${report.unreadable.map((each) => `<li>${escaped(report.reasons[each]!)}</li>`).join('')}</ul>`,
    );
  for (const [label, title] of classes.entries()) {
    const own = [...pictures.values()].filter((picture) => picture.label === label);
    const step = Math.max(1, own.length / perClass); // spread over the class, not its beginning
    const chosen = Array.from({ length: Math.min(perClass, own.length) }, (_, i) => own[Math.floor(i * step)]!.name);
    sections.push(`<h2>${escaped(title)} (${own.length})</h2>${await row(chosen)}`);
  }
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(name)}</title><style>
body{font:14px system-ui,sans-serif;margin:2em;color:#111;background:#fff}.row{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:12px}
figure{margin:0;width:${side}px}img,.none{width:${side}px;height:${side}px;object-fit:contain;background:#eee}.none{line-height:${side}px;text-align:center}
figcaption{font-size:11px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;direction:rtl}
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}img,.none{background:#333}}
</style><h1>${escaped(name)}</h1><p>${report.pictures} pictures, ${classes.length} classes</p>${sections.join('\n')}</html>
`;
}
