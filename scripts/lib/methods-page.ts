// The page docs/methods.md, from the records of the methods alone.
import { ruleOf } from '../../src/base/options.ts';
import { mergesByDefault, methods } from '../../src/methods/index.ts';

const starts = { pretrained: 'yes', near: 'nearly', other: 'no' } as const;
const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

/** Markdown: a table of all methods, then each with its options. */
export function methodsPage(): string {
  const lines = [
    '# Methods',
    '',
    'Made by `npm run docs` from the records in `src/methods/`. Counts leave the head out and hold for a plain ViT and the',
    'default options: C is the width, H the hidden width of the MLP, M = H / C, L the number of blocks.',
    '',
    row(['method', 'trains', 'parameters', 'starts pre-trained', 'merges', 'paper']),
    row(['---', '---', '---', '---', '---', '---']),
    ...methods.map((m) =>
      row([
        `[${m.name}](#${m.name})`,
        m.summary,
        `\`${m.count}\``,
        starts[m.start],
        mergesByDefault(m) ? 'yes' : 'no',
        `[${m.paper.title}](${m.paper.url})`,
      ]),
    ),
  ];
  for (const m of methods) {
    lines.push('', `## ${m.name}`, '', `Trains ${m.summary}. Learning rate where none is given: ${m.learningRate}.`);
    lines.push(
      '',
      `Between pre-trained (alpha 0) and tuned (alpha 1): ${m.strength ?? 'every trained weight is interpolated'}.`,
    );
    const options = Object.entries(m.options);
    if (options.length === 0) continue;
    lines.push('', row(['option', 'what it is', 'must be', 'default', "the study's grid"]));
    lines.push(row(['---', '---', '---', '---', '---']));
    for (const [name, option] of options) {
      const shown = Array.isArray(option.default) ? option.default.join(', ') : String(option.default);
      lines.push(row([`\`${name}\``, option.help, ruleOf(option), shown || 'all', option.grid?.join(', ') ?? '']));
    }
  }
  return `${lines.join('\n')}\n`;
}
