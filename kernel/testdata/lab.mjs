// Opens a notebook in JupyterLab with headless Chromium, runs all cells, takes a screenshot, interrupts an endless loop.
// Usage: node lab.mjs PLAYWRIGHT_CORE_FOLDER CHROMIUM LAB_URL_WITH_TOKEN NOTEBOOK SCREENSHOT_FOLDER
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [playwright, executablePath, url, notebook, shots] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const profile = mkdtempSync(join(tmpdir(), 'lab-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 1000 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

// wait polls until the page's outputs fit, and says what they are if they never do.
async function wait(page, what, test, limit = 60000) {
  const end = Date.now() + limit;
  for (;;) {
    const outputs = await page.locator('.jp-Notebook .jp-CodeCell').evaluateAll(
      cells => cells.map(c => [...c.querySelectorAll('.jp-OutputArea-output')].map(o => o.innerText.trim()).join('\n')));
    if (test(outputs)) return outputs;
    if (Date.now() > end) {
      await page.screenshot({ path: join(shots, 'failed.png') });
      throw new Error(`${what}: outputs are ${JSON.stringify(outputs)}`);
    }
    await page.waitForTimeout(100);
  }
}

async function menu(page, name, entry) {
  await page.locator('.lm-MenuBar-item', { hasText: name }).first().click();
  await page.locator('.lm-Menu-item', { hasText: entry }).first().click();
}

try {
  const page = context.pages()[0] ?? await context.newPage();
  await page.goto(url.replace('/lab', `/lab/tree/${notebook}`), { waitUntil: 'domcontentloaded' });
  await page.locator('.jp-Notebook .jp-CodeCell').first().waitFor({ timeout: 120000 });
  // The indicator says idle before there is a kernel; the status bar names the kernel when it has connected.
  await page.locator('#jp-main-statusbar', { hasText: 'Go (godcpo) | Idle' }).waitFor({ timeout: 60000 });
  const select = page.locator('.jp-Dialog', { hasText: 'Select Kernel' });
  if (await select.isVisible()) await select.locator('.jp-mod-accept').click();

  await menu(page, /^Run$/, /^Run All Cells$/);
  const outputs = await wait(page, 'run all cells', o => o.length === 5 && o[1] === 'x is 42' && o[2] === '42' && o[4] === '1');
  await page.locator('.jp-OutputArea-output svg circle, .jp-OutputArea-output img').first().waitFor({ timeout: 10000 });
  await page.screenshot({ path: join(shots, 'run.png') });
  console.log(JSON.stringify({ outputs }));

  const editor = page.locator('.jp-Notebook .jp-CodeCell').last().locator('.cm-content');
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('for {\n}');
  await page.keyboard.press('Control+Enter');
  await page.locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]').first().waitFor({ timeout: 10000 });
  const begun = Date.now();
  await menu(page, /^Kernel$/, /^Interrupt Kernel/);
  await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first().waitFor({ timeout: 10000 });
  console.log(JSON.stringify({ interrupted_ms: Date.now() - begun }));
  await page.screenshot({ path: join(shots, 'interrupted.png') });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
