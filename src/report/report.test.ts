import { beforeAll, describe, expect, it } from 'vitest';
import { loadPublishedStudy } from '../analysis/published/load.ts';
import type { FinalResult, Predictions } from '../analysis/records.ts';
import { stream } from '../base/rng.ts';
import { placeLabels } from './figures/labels.ts';
import { escapeLatex, latexTable } from './latex.ts';
import { markup } from './markup.ts';
import { publishedStudyRecords } from './published-study.ts';
import { renderReport, reportFigures, reportLatex, reportSections } from './report.ts';
import { linearScale, logScale, spread } from './scale.ts';
import type { StudyRecords } from './study-records.ts';
import { studyTables } from './tables.ts';

/** Throws where tags don't nest; enough of HTML for what the report writes. */
function assertNested(html: string): void {
  const open: string[] = [];
  for (const [, slash, name, rest] of html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .matchAll(/<(\/?)([a-z!][a-z0-9]*)([^>]*)>/gi)) {
    if (slash) {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else if (!/^(meta|img|!doctype)$/.test(name!) && !rest!.endsWith('/')) open.push(name!);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(', ')}`);
}

const ids = (html: string): string[] => [...html.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]!);

describe('the published study as a report', () => {
  let html: string;
  beforeAll(() => {
    html = renderReport(publishedStudyRecords(loadPublishedStudy()));
  });

  it('has its sections and findings', () => {
    expect(reportSections(publishedStudyRecords(loadPublishedStudy())).map((s) => s.id)).toEqual([
      'accuracy',
      'ranks',
      'cost',
      'sensitivity',
      'shots',
      'robustness',
      'wise',
    ]);
    expect(html).toContain('ConvPass has the best mean, 74.23\u00a0% over 19 sets');
    expect(html).toContain('cannot be told apart from 11 other methods');
    expect(html).toContain('critical difference 5.29');
  });

  it('is one file that loads and runs nothing', () => {
    expect(html).not.toMatch(/<(script|link|iframe|object|embed)\b/i);
    expect(html).not.toMatch(/\s(src|href)="(?!#|data:image\/)/);
    expect(html).not.toMatch(/url\(|@import|\son\w+="/);
    expect(html).toContain("default-src 'none'");
    expect(html.length).toBeLessThan(600_000);
  });

  it('is well formed: tags nest, ids are unique, every reference has its target', () => {
    assertNested(html);
    const known = ids(html);
    expect(new Set(known).size).toBe(known.length);
    for (const [, ref] of html.matchAll(/href="#([^"]+)"/g)) expect(known).toContain(ref);
    for (const [, refs] of html.matchAll(/aria-labelledby="([^"]+)"/g))
      for (const ref of refs!.split(' ')) expect(known).toContain(ref);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('has every figure as a picture of its own: well formed, in its own style, loading nothing', () => {
    const figures = reportFigures(publishedStudyRecords(loadPublishedStudy()));
    expect(figures.map(({ id }) => id)).toEqual([...html.matchAll(/<figure id="([^"]+)"/g)].map(([, id]) => id));
    for (const { svg } of figures) {
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
      assertNested(svg);
      const [style] = svg.match(/<style>[^<]*<\/style>/)!;
      for (const [, used] of svg.matchAll(/var\((--[a-z0-9]+)\)/g)) expect(style).toContain(`${used}:`);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/url\(|@import|href|:\/\/|<script/);
    }
  });

  it('gives every figure a title, a description and its numbers', () => {
    const figures = html.match(/<figure\b[\s\S]*?<\/figure>/g)!;
    expect(figures.length).toBeGreaterThanOrEqual(9);
    for (const figure of figures) {
      expect(figure.match(/<svg class="(wide|narrow)"[^>]* role="img"/g)!.length).toBe(2);
      expect(figure).toMatch(/<desc id="[^"]+">[^<]{20,}/);
      expect(figure).toContain('<summary>The numbers</summary>');
    }
  });
});

/** Six methods on 200 pictures: each right where its own noise lets it. */
function predictionsOf(method: string, seed: number): Predictions {
  const rng = stream(seed, method);
  const labels = Array.from({ length: 200 }, (_, i) => i % 4);
  return {
    method,
    data: 'shapes',
    seed: 0,
    logits: Float32Array.from(labels.flatMap((k) => [0, 1, 2, 3].map((c) => rng.normal() + (c === k ? 1.5 : 0)))),
    labels,
    classes: ['a', 'b', 'c', 'd'],
    names: labels.map((_, i) => `${i}.png`),
  };
}

const methods = ['one', 'two', 'three'];
const results: FinalResult[] = methods.flatMap((method, m) =>
  ['s', 't', 'u'].flatMap((data, d) =>
    [0, 1].map((seed) => ({
      model: 'm',
      data,
      method,
      seed,
      params: {},
      top1: 0.7 + 0.05 * m + 0.01 * d + 0.004 * seed,
      seconds: 30 * (m + 1),
      memory: 3e8 * (m + 1),
    })),
  ),
);
const small: StudyRecords = {
  title: '<script>alert(1)</script> & more',
  summary: 'Three "methods".',
  results,
  predictions: [
    {
      data: 'shapes',
      test: methods.map((m) => predictionsOf(m, 1)),
      validation: methods.map((m) => predictionsOf(m, 2)),
    },
  ],
};

describe('a study with predictions', () => {
  it('shows mistakes, ensembles and the gallery, and nothing it has no records for', () => {
    expect(reportSections(small).map((s) => s.id)).toEqual([
      'accuracy',
      'ranks',
      'cost',
      'mistakes',
      'ensembles',
      'gallery',
    ]);
    const html = renderReport(small);
    assertNested(html);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(html).toContain('Accuracy against training time');
    expect(html).not.toContain('trainable parameters');
  });

  it('has every table by a unique name, as the figures have them', () => {
    const names = studyTables(small).map((t) => t.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['accuracy', 'ranks', 'seconds', 'ensembles-shapes', 'pairs-shapes']));
    expect(names).not.toContain('wise');
    expect(studyTables({ title: 't', summary: 's', results: [] })).toEqual([]);
    const all = studyTables(publishedStudyRecords(loadPublishedStudy())).map((t) => t.name);
    expect(all).toEqual(
      expect.arrayContaining(['groups', 'sensitivity', 'shots', 'robustness', 'wise', 'wise-choice']),
    );
  });

  it('stands beside the published study where methods are in both', () => {
    const published = results.map((r) => ({ ...r, top1: 1 - r.top1 }));
    const html = renderReport({ ...small, published });
    expect(html).toContain('Over 3 methods the rank correlation with the published study is -1.00');
    expect(renderReport({ ...small, published: [] })).not.toContain('Beside the published study');
  });

  it('escapes what comes from outside', () => {
    const html = renderReport(small);
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; more');
    expect(markup`<b title="${'"><i>'}">${["'", 1.239, false, undefined]}</b>`.html).toBe(
      '<b title="&quot;&gt;&lt;i&gt;">&#39;1.24</b>',
    );
  });

  it('takes gallery pictures as data only', () => {
    const show = (image: string) => renderReport({ ...small, gallery: [{ name: 'p', image, caption: 'c' }] });
    expect(show('data:image/png;base64,AAAA')).toContain('<img src="data:image/png;base64,AAAA" alt="p"');
    for (const image of [
      'https://example.org/p.png',
      'data:image/svg+xml;base64,AAAA',
      'data:image/png;base64,A"onload="x',
    ])
      expect(() => show(image)).toThrow(/gallery picture p: a report holds its pictures as data/);
  });

  it('of one method and nothing else still is a report', () => {
    const html = renderReport({ title: 't', summary: 's', results: results.slice(0, 1) });
    assertNested(html);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('LaTeX', () => {
  it('escapes, aligns and marks the best', () => {
    const table = {
      columns: [
        { name: 'm', title: 'Method_1', unit: 'text' as const },
        { name: 'a', title: 'Top-1 %', unit: 'share' as const },
      ],
      rows: [
        ['A & B', 0.5],
        ['C', 0.75],
        ['D', null],
      ],
    };
    expect(latexTable(table, { caption: '100 %', label: 'tab:x' })).toBe(
      [
        '\\begin{table}',
        '\\centering',
        '\\caption{100 \\%}',
        '\\label{tab:x}',
        '\\begin{tabular}{lr}',
        '\\toprule',
        'Method\\_1 & Top-1 \\% \\\\',
        '\\midrule',
        'A \\& B & 50.00 \\\\',
        'C & \\textbf{75.00} \\\\',
        'D & -- \\\\',
        '\\bottomrule',
        '\\end{tabular}',
        '\\end{table}',
      ].join('\n'),
    );
    expect(escapeLatex('a\\b~^{}−1')).toBe('a\\textbackslash{}b\\textasciitilde{}\\textasciicircum{}\\{\\}$-$1');
    expect(reportLatex(small).match(/\\begin\{table\}/g)!.length).toBe(3);
  });
});

describe('scales', () => {
  it('have round ticks that hold the data', () => {
    expect(linearScale(55.86, 74.23, 0, 100).ticks).toEqual([55, 60, 65, 70, 75]);
    expect(linearScale(0.5, 0.5, 0, 10).ticks.length).toBeGreaterThan(1);
    expect(logScale(3e4, 1e8, 0, 100).ticks).toEqual([1e5, 1e6, 1e7, 1e8]);
    expect(logScale(30, 90, 0, 100).ticks).toEqual([30, 40, 50, 60, 80]);
    expect(logScale(30, 90, 0, 100, [20, 45, 60]).ticks).toEqual([45, 60]);
    expect(logScale(10, 1000, 0, 100)(100)).toBeCloseTo(50);
  });
  it('spread labels apart inside the frame', () => {
    expect(spread([50, 50, 51], 10, 0, 60)).toEqual([40, 50, 60]);
  });
  it('labels cover neither points nor each other where there is room', () => {
    const points = [
      { x: 100, y: 100 },
      { x: 110, y: 100 },
    ];
    const [a, b] = placeLabels(
      points.map((p) => ({ ...p, text: 'name' })),
      points,
      { left: 0, right: 300, top: 0, bottom: 200 },
    );
    expect(a).not.toEqual(b);
    expect(a!.anchor === 'start' && a!.x > 100 && a!.y === 104).toBe(false); // the second point is there
  });
});
