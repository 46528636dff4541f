// README.md of an export: the hub's model card, with what was trained, how good it is and what was checked.
import type { AdapterConfig } from '../train/adapter.ts';
import type { Metrics } from '../train/metrics.ts';
import type { Certificate } from './certificate.ts';
import type { ExportTarget } from './targets.ts';

/** A string as YAML: JSON's is one. */
const quoted = (text: string) => JSON.stringify(text);

/** A cell of a Markdown table holds neither bars nor lines. */
const cell = (text: string) => text.replaceAll(/[|\r\n]+/g, ' ');

export interface CardFacts {
  readonly target: ExportTarget;
  readonly run: AdapterConfig;
  /** Where the backbone is from: the hub's name, or a folder's. */
  readonly base: string;
  /** Scalars that were trained. */
  readonly trainable: number | undefined;
  readonly test: Metrics | undefined;
  readonly certificates: readonly Certificate[];
}

export function modelCard({ target, run, base, trainable, test, certificates }: CardFacts): string {
  const methods = run.methods.map(({ name }) => name).join(' + ');
  const { usage } = target;
  const [h, w] = run.preprocessing.imageSize;
  const isHubName = /^[\w.-]+\/[\w.-]+$/.test(base);
  const front = [
    `library_name: ${usage.library}`,
    'pipeline_tag: image-classification',
    ...(isHubName ? [`base_model: ${quoted(base)}`] : []),
    'tags:',
    '- image-classification',
    '- vitune',
    ...run.methods.map(({ name }) => `- ${name}`),
  ];
  const shown = run.classes.slice(0, 100).map((name) => `\`${cell(name).replaceAll('`', "'")}\``);
  const rest = run.classes.length - shown.length;
  return `---
${front.join('\n')}
---

# An image classifier of ${run.classes.length} classes

A vision transformer (${cell(base)}), tuned with ${methods} by vitune${trainable === undefined ? '' : `: ${trainable} trained parameters`}. Pictures enter at ${h} x ${w} pixels.

${test ? `Test set of ${test.pictures} pictures: ${(100 * test.top1).toFixed(1)} % top-1, ${(100 * test.meanClassAccuracy).toFixed(1)} % mean per class, calibration error ${test.ece.toFixed(3)}.\n\n` : ''}\`\`\`${usage.language}
${usage.code}
\`\`\`

## Classes

${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}

## Checked at export

| file | pictures | largest difference of a logit | same class |
| --- | --- | --- | --- |
${certificates.map(({ what, pictures, largestLogitDifference: d, top1Agreement: same }) => `| ${what} | ${pictures} | ${d.toExponential(1)} | ${(100 * same).toFixed(1)} % |`).join('\n')}
`;
}
