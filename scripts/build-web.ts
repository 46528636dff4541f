// The dashboard's pages as dist/web/app: one script, one style sheet (the report's, and the app's own), an HTML file.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync, transformSync } from 'esbuild';
import { style } from '../src/report/style.ts';

const app = fileURLToPath(new URL('../src/web/app/', import.meta.url));
const out = fileURLToPath(new URL('../dist/web/app/', import.meta.url));

mkdirSync(out, { recursive: true });
buildSync({
  entryPoints: [`${app}main.tsx`],
  outfile: `${out}app.js`,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
});
const css = style + readFileSync(`${app}app.css`, 'utf8');
writeFileSync(`${out}app.css`, transformSync(css, { loader: 'css', minify: true }).code);
for (const file of ['index.html', 'icon.svg']) copyFileSync(app + file, out + file);
