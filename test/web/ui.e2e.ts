// The dashboard in a real Chromium: progress as it happens, a form that starts a study, comparison, analyses, predictions, the
// alpha slider, a server that dies on the way, 5,000 runs. No console error anywhere, and nothing serious by axe-core.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../src/index.ts';
import { studyEnvironment } from '../../src/studies/environment.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { openStore } from '../../src/study/store.ts';
import { type Started, start, vitune } from '../support/cli.ts';
import { planOf } from '../support/study.ts';
import { runTinyStudy } from '../support/tiny-study.ts';

/** CHROMIUM, or where systems have it. */
const browserPath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
if (!browserPath) console.warn('e2e skipped: no Chromium is installed; name one by CHROMIUM=/path/to/chromium');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(!browserPath)('the dashboard', () => {
  let root: string;
  let db: string;
  let browser: Browser;
  let page: Page;
  let server: Started;
  let address: string;
  const complaints: string[] = [];

  /** Starts the server as a user does; a port of one's own comes again after a death. */
  async function serve(port = '0', store = db): Promise<void> {
    server = start(['ui', '--db', store, '--runs', join(root, 'single'), '--port', port]);
    address = await new Promise((resolve) =>
      server.child.stdout!.once('data', (part: Buffer) => resolve(part.toString().trim())),
    );
  }

  async function open(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark'): Promise<Page> {
    const context = await browser.newContext({ viewport, colorScheme, bypassCSP: true }); // axe is put into the page
    const fresh = await context.newPage();
    fresh.setDefaultTimeout(120_000);
    fresh.on('pageerror', (error) => complaints.push(String(error)));
    fresh.on('console', (message) => {
      // A server that is away can't be reached: the browser says so itself.
      if (
        message.type() === 'error' &&
        !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(message.text())
      )
        complaints.push(message.text());
    });
    return fresh;
  }

  const tab = (name: string) =>
    page.getByRole('navigation', { name: 'Parts of the study' }).getByRole('link', { name });
  const settled = (on: Page) =>
    on.waitForFunction(
      () => document.querySelector('h1') && !document.querySelector('main')!.textContent!.includes('Loading…'),
    );

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vitune-e2e-'));
    db = join(root, 'db');
    process.env.VITUNE_CACHE = join(root, 'cache');
    await runTinyStudy(root, studyEnvironment());
    const run = { data: join(root, 'shapes'), model: join(root, 'tiny'), epochs: 3 };
    for (const method of ['linear', 'bitfit'])
      await train({ ...run, method, out: join(root, 'single', method) }).result();
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
    await serve();
    page = await open({ width: 1400, height: 900 }, 'light');
    await page.goto(address);
  });
  afterAll(async () => {
    await browser?.close();
    server?.child.kill('SIGKILL');
    await rm(root, { recursive: true, force: true });
  });

  it('compares runs by their curves', async () => {
    await page.getByRole('link', { name: 'tiny-study' }).click();
    const boxes = page.getByRole('checkbox', { name: /^compare/ });
    await boxes.nth(0).check();
    await boxes.nth(2).check();
    const comparison = page.getByRole('region', { name: 'Comparison of runs' });
    await comparison.getByRole('img', { name: 'training loss, nats, 2 curves' }).waitFor();
    await expect.poll(() => comparison.locator('path.curve').count()).toBe(4); // each run's epochs come by themselves
    expect(await comparison.getByRole('row').count()).toBe(3);
  });

  it('shows all analyses, and saves the report', async () => {
    await tab('Analyses').click();
    await page.getByRole('heading', { name: 'Do methods make different mistakes?' }).waitFor();
    expect(await page.locator('main figure').count()).toBeGreaterThan(4);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save the report' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('tiny-study-report.html');
  });

  it('browses predictions with their pictures, and picks ensembles', async () => {
    await tab('Predictions').click();
    await page.getByLabel('Show').selectOption('all');
    const pictures = page.locator('.gallery.predictions img');
    expect(await pictures.count()).toBe(9);
    await pictures.first().scrollIntoViewIfNeeded();
    await expect.poll(() => pictures.first().evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(40);
    const ensembles = page.getByRole('region', { name: 'Ensembles' });
    for (const name of ['best single', 'mean probability', 'mean logit', 'majority vote'])
      await ensembles.getByRole('rowheader', { name }).waitFor();
    await page.getByRole('checkbox', { name: /^lora/ }).uncheck();
    await page.getByText('Choose at least two methods.').waitFor();
    await page.getByRole('checkbox', { name: /^lora/ }).check();
    await ensembles.waitFor();
  });

  it('shows how much the lists of any length have in common', async () => {
    await page.getByText('Are methods sure of the same pictures?').click();
    await page.getByLabel('How many pictures').fill('4');
    await page.getByLabel('Which predictions').selectOption('confident-right');
    await page
      .getByRole('img', { name: /overlap of the 4 most confident right predictions/ })
      .first()
      .waitFor();
  });

  it('lists single runs, and compares them', async () => {
    await page.getByRole('link', { name: 'Single runs' }).click();
    const boxes = page.getByRole('checkbox', { name: /^compare/ });
    await boxes.nth(1).waitFor();
    for (const i of [0, 1]) await boxes.nth(i).check();
    const comparison = page.getByRole('region', { name: 'Comparison of runs' });
    await comparison.getByRole('img', { name: 'validation top-1, %, 2 curves' }).waitFor();
    await page.goBack();
  });

  it('tries an adapter, and moves alpha', async () => {
    await tab('Try').click();
    const first = page.locator('.guess li').first();
    await first.waitFor();
    const tuned = await page.locator('.guess').textContent();
    await page.getByLabel('Alpha').fill('0.3');
    await expect.poll(() => page.locator('.guess').textContent()).not.toBe(tuned);
    await page.getByLabel('Alpha').fill('1');
    await expect.poll(() => page.locator('.guess').textContent()).toBe(tuned);
  });

  it('starts a study by the form, shows it live, and survives the death of the server, as the study does', async () => {
    await page.getByRole('link', { name: 'New study' }).click();
    await page.getByLabel(/^Name/).fill('by-form');
    await page.getByLabel(/^Data/).fill(join(root, 'shapes'));
    await page.getByLabel(/^Model/).fill(join(root, 'tiny'));
    await page.getByLabel(/^Preset/).selectOption('study');
    await page.getByLabel(/^Protocol/).selectOption('holdout');
    await page.getByText('Combine several methods into one').click();
    const parts = page.getByRole('group', { name: 'Parts of a combined method' });
    for (const name of ['lora', 'bitfit']) await parts.getByRole('checkbox', { name, exact: true }).check();
    await page.getByRole('button', { name: 'Add bitfit+lora' }).click();
    await page.getByRole('textbox', { name: /^lora.rank/ }).fill('2, 4');
    await page.getByRole('textbox', { name: /^epochs/ }).fill('600');
    await page.getByRole('button', { name: 'Start the study' }).click();
    await page.getByRole('link', { name: 'Watch it' }).click();
    const card = page.getByRole('region', { name: /^by-form/ });
    await card.getByText(/1 running/).waitFor();

    const port = new URL(address).port;
    server.child.kill('SIGKILL');
    await page.getByText('The server is away.').waitFor();
    await serve(port);
    await page.getByText('The server is away.').waitFor({ state: 'hidden' });
    await card.getByText('3 of 3 runs done').waitFor();
    const { stdout } = await vitune('study', 'results', '--db', db, '--study', 'by-form', '--json');
    expect((JSON.parse(stdout) as unknown[]).length).toBe(1);
  });

  it('has no problem that axe-core finds serious, light and dark, wide and narrow', async () => {
    const id = await page.getByRole('link', { name: 'tiny-study' }).getAttribute('href');
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [1400, 400]) {
        const other = await open({ width, height: 900 }, scheme);
        for (const hash of [
          '#/',
          '#/new',
          '#/runs',
          `${id}/runs`,
          `${id}/analyses`,
          `${id}/predictions`,
          `${id}/try`,
        ]) {
          await other.goto(`${address}${hash}`);
          await settled(other);
          await other.evaluate(axe);
          const found = await other.evaluate(async () => {
            const { axe: run } = globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; impact: string }[] }> };
            };
            return (await run.run()).violations.map(({ id, impact }) => `${impact}: ${id}`);
          });
          const wide = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect({ scheme, width, hash, found, wide }).toEqual({ scheme, width, hash, found: [], wide: 0 });
        }
        await other.context().close();
      }
  });

  it('stays fluid with 5,000 runs', async () => {
    const large = join(root, 'large');
    const store = openStore(await openDatabase(large, 'study'));
    const axis = (n: number, from: number) => `[${Array.from({ length: n }, (_, i) => from + i).join(', ')}]`;
    const study = await planOf(`
name: large
data: shapes
methods: { name: lora, options: { rank: ${axis(50, 1)} } }
training: { epochs: ${axis(100, 1)} }
`);
    const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
    await store.addStudy({ id: studyId(study), name: 'large', plan: study.plan, cells }, firstTrials(study));
    await store.close();
    server.child.kill('SIGKILL');
    await serve('0', large);
    await page.goto(address);
    await page.getByRole('link', { name: 'large' }).click();
    await page.getByText('5,000 of 5,000 runs').waitFor();
    // Frames while a filter is typed: a page that hangs has none.
    const slowest = await page.evaluate(async () => {
      const input = document.querySelector<HTMLInputElement>('input[type=search]')!;
      let last = performance.now();
      let worst = 0;
      for (const text of ['r', 'ra', 'rank 7,', 'rank 7, epochs 12', '']) {
        input.value = text;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        await new Promise(requestAnimationFrame);
        worst = Math.max(worst, performance.now() - last);
        last = performance.now();
      }
      return worst;
    });
    console.info(`5,000 runs: slowest frame while filtering ${Math.round(slowest)} ms`);
    await page.getByRole('searchbox').fill('rank 7, epochs 12');
    await page.getByText('1 of 5,000 runs').waitFor();
    expect(await page.getByRole('checkbox', { name: /^compare/ }).count()).toBe(1);
  });

  it('never complained', () => {
    expect(complaints).toEqual([]);
  });
});
