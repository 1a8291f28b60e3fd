import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { isAssayError } from '../../src/core/errors.ts';
import { findChromium } from '../../src/sandbox/chromium.ts';

/** A busy machine takes longer than the default timeouts of Playwright. */
export const PATIENCE_MS = 90_000;

export const GET_CHROMIUM = 'apt-get install chromium, or name one in ASSAY_CHROMIUM';

/** The Chromium of this machine, if there is one. */
export function chromiumPath(): string | undefined {
  try {
    return findChromium(process.env);
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}

export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/** A page, and everything that it must not do. */
export interface Watched {
  readonly page: Page;
  /** Console messages: errors, warnings and violations of the content security policy. */
  readonly said: readonly string[];
  /** Addresses that were requested after the document itself. */
  readonly asked: readonly string[];
}

/** Opens a file in a new browser context. */
export async function openFile(browser: Browser, url: URL, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ offline: false, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => said.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url.href);
  const own = asked.indexOf(url.href);
  if (own >= 0) asked.splice(own, 1);
  return { page, said, asked };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Violations of WCAG 2.2 AA and best practices that axe-core finds: rule and place. The page must bypass its policy. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const faults: unknown = await page.evaluate(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    id + ' at ' + target.join(' ') + ': ' + failureSummary)))`);
  return Array.isArray(faults) ? faults.map(String) : [`axe answered ${String(faults)}`];
}
