// Opens a notebook in JupyterLab with headless Chromium, runs all cells and saves it.
// Usage: node runall.mjs PLAYWRIGHT_CORE_FOLDER CHROMIUM LAB_URL_WITH_TOKEN NOTEBOOK SCREENSHOT [dark]
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [playwright, executablePath, url, notebook, shot, theme] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const profile = mkdtempSync(join(tmpdir(), 'lab-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 2400 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const page = context.pages()[0] ?? await context.newPage();
  page.on('console', m => m.type() === 'error' && console.error(m.text()));
  await page.goto(url.replace('/lab', `/lab/tree/${notebook}`) + '&reset', { waitUntil: 'domcontentloaded' });
  await page.locator('.jp-Notebook .jp-CodeCell').first().waitFor({ timeout: 120000 });
  await page.locator('#jp-main-statusbar', { hasText: 'Go (godcpo) | Idle' }).waitFor({ timeout: 60000 });
  const select = page.locator('.jp-Dialog', { hasText: 'Select Kernel' });
  if (await select.isVisible()) await select.locator('.jp-mod-accept').click();
  if (theme === 'dark') {
    await page.locator('.lm-MenuBar-item', { hasText: /^Settings$/ }).first().click();
    await page.locator('.lm-Menu-item', { hasText: /^Theme$/ }).first().click();
    await page.locator('.lm-Menu-item', { hasText: 'JupyterLab Dark' }).first().click();
  }
  await page.locator('.lm-MenuBar-item', { hasText: /^Run$/ }).first().click();
  await page.locator('.lm-Menu-item', { hasText: /^Run All Cells$/ }).first().click();
  // Cells out of sight are not in the page, so that the kernel's state must say when all have run.
  await page.waitForTimeout(1000);
  const end = Date.now() + 120000;
  for (let quiet = 0; quiet < 15 && Date.now() < end; quiet++) {
    const idle = await page.locator('#jp-main-statusbar', { hasText: 'Go (godcpo) | Idle' }).count();
    if (idle === 0) quiet = 0;
    await page.waitForTimeout(100);
  }
  await page.screenshot({ path: shot });
  await page.locator('.lm-MenuBar-item', { hasText: /^File$/ }).first().click();
  await page.locator('.lm-Menu-item', { hasText: /^Save Notebook/ }).first().click();
  await page.locator('#jp-main-statusbar', { hasText: 'Saving completed' }).waitFor({ timeout: 20000 });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
