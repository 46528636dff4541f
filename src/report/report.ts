// A study's report: one HTML file that needs no network and runs no script. Sections appear where their records are given.
import { DataError } from '../base/errors.ts';
import { accuracySection, besideSection, ranksSection } from './accuracy-sections.ts';
import { costSection, sensitivitySection, shotsSection } from './cost-sections.ts';
import { latexTable } from './latex.ts';
import { type FigureFile, type Markup, markup, raw } from './markup.ts';
import { ensemblesSection, gallerySection, mistakesSection } from './prediction-sections.ts';
import { robustnessSection, wiseSection } from './robustness-sections.ts';
import type { ReportSection } from './section.ts';
import type { StudyRecords } from './study-records.ts';
import { style } from './style.ts';
import { together } from './words.ts';

const builders = [
  accuracySection,
  ranksSection,
  costSection,
  sensitivitySection,
  shotsSection,
  mistakesSection,
  ensemblesSection,
  gallerySection,
  robustnessSection,
  wiseSection,
  besideSection,
];

/** Pictures come inside the file, as data: URIs of raster formats; anything else could load or run something. */
const picture = /^data:image\/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=]+$/;

/** Every analysis of the study as sections, in reading order. */
export function reportSections(study: StudyRecords): ReportSection[] {
  return builders.flatMap((build) => {
    const section = build(study);
    if (section?.finding === undefined) return section ?? [];
    return { ...section, finding: together(section.finding) };
  });
}

/** Every figure as an SVG file of its own. */
export const reportFigures = (study: StudyRecords): readonly FigureFile[] =>
  reportSections(study).flatMap(({ body }) => markup`${body}`.figures);

/** The tables a paper would print, in LaTeX (booktabs). */
export function reportLatex(study: StudyRecords): string {
  return reportSections(study)
    .flatMap(({ id, tables = [] }) =>
      tables.map(({ caption, table, columns }, i) =>
        latexTable(table, { caption, label: `tab:${id}${i > 0 ? `-${i + 1}` : ''}`, ...(columns && { columns }) }),
      ),
    )
    .join('\n\n');
}

function protocol({ protocol = [], environment = {} }: StudyRecords): Markup | undefined {
  if (protocol.length === 0 && Object.keys(environment).length === 0) return undefined;
  const items = protocol.map(
    ({ name, value, why }) => markup`<dt>${name}</dt><dd>${value}${why && markup`<small>${why}</small>`}</dd>`,
  );
  const machine = Object.entries(environment).map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`);
  return markup`<section id="protocol"><h2>Protocol</h2><p>Every choice that could have been made otherwise.</p><dl>${items}</dl>${
    machine.length > 0 && markup`<h3>Environment</h3><dl>${machine}</dl>`
  }</section>`;
}

function citation(study: StudyRecords): Markup {
  const latex = reportLatex(study);
  return markup`<section id="cite"><h2>For your paper</h2>${
    study.bibtex &&
    study.bibtex.length > 0 &&
    markup`<h3>BibTeX</h3><pre tabindex="0">${study.bibtex.join('\n\n')}</pre>`
  }${latex !== '' && markup`<details><summary>Tables in LaTeX</summary><pre tabindex="0">${latex}</pre></details>`}</section>`;
}

/** Throws DataError for a gallery picture that isn't a base64 data: URI of a PNG, JPEG, WebP or GIF. */
export function renderReport(study: StudyRecords): string {
  for (const { name, image } of study.gallery ?? [])
    if (!picture.test(image))
      throw new DataError(
        `gallery picture ${name}: a report holds its pictures as data:image/(png|jpeg|webp|gif);base64 URIs, got ${image.slice(0, 40)}`,
      );
  const sections = reportSections(study);
  const sheet = protocol(study);
  const entries = [
    ...sections.map(({ id, short }) => ({ id, short })),
    ...(sheet ? [{ id: 'protocol', short: 'Protocol' }] : []),
    { id: 'cite', short: 'LaTeX' },
  ];
  const findings = sections.flatMap(({ id, title, finding }) =>
    finding === undefined ? [] : markup`<li><b><a href="#${id}">${title}</a></b>${finding}</li>`,
  );
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${study.title}</title>
<style>${raw(style)}</style>
</head>
<body>
<a class="skip" href="#main">To the findings</a>
<header><h1>${study.title}</h1><p class="lead">${study.summary}</p></header>
<nav aria-label="Sections"><ul>${entries.map(({ id, short }) => markup`<li><a href="#${id}">${short}</a></li>`)}</ul></nav>
<main id="main">
${findings.length > 0 && markup`<ul class="findings" aria-label="Findings">${findings}</ul>`}
${sections.map(({ id, title, body }) => markup`<section id="${id}"><h2>${title}</h2>${body}</section>`)}
${sheet}
${citation(study)}
</main>
<footer>Made by vitune from stored results. Figures are drawn twice, for wide and narrow screens; “The numbers” under each are what it shows.</footer>
</body>
</html>
`;
  return page.html;
}
