import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/index.ts';
import { HOSTILE, hostile } from '../report/hostile.ts';
import { cleanReview, mixedReview, NOW } from '../report/html-sample.ts';
import { CONTEXT } from '../report/sample.ts';
import { accessibilityFaults, chromiumPath, GET_CHROMIUM, openFile, startBrowser } from '../support/browser.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const path = chromiumPath();
const context = { ...CONTEXT, coverage: true };
const folder = tempFolder();

function write(name: string, html: string): URL {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, html);
  return pathToFileURL(file);
}

const hostileReview = (text: string) => renderHtml(hostile(text), context, { now: NOW });
const reviews: ReadonlyMap<string, URL> = new Map([
  ['a denied model', write('mixed', mixedReview())],
  ['an allowed model', write('clean', cleanReview())],
  ['hostile markup', write('markup', hostileReview(HOSTILE.html ?? ''))],
  ['names of ten megabytes', write('long', hostileReview(HOSTILE.long ?? ''))],
]);
const [mixed = pathToFileURL(folder)] = reviews.values();

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'the review in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
  });
  afterAll(() => browser.close());

  describe.each([...reviews])('of %s', (_, url) => {
    it.each([1280, 375])('opens at %i pixels without requests, messages or horizontal scrolling', async (width) => {
      const { page, said, asked } = await openFile(browser, url, { viewport: { width, height: 800 } });
      expect(await page.title()).toMatch(/^Security review: /);
      expect(await page.evaluate('document.fonts.ready.then(() => document.documentElement.scrollWidth)')).toBe(width);
      expect({ said, asked }).toEqual({ said: [], asked: [] });
      await page.context().close();
    });

    it.each([
      ['light', 1280],
      ['dark', 1280],
      ['light', 375],
      ['dark', 375],
    ] as const)('has no accessibility violation, %s at %i pixels', async (colorScheme, width) => {
      const viewport = { width, height: 800 };
      const { page } = await openFile(browser, url, { colorScheme, viewport, bypassCSP: true });
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.context().close();
    });
  });

  it('runs no injected script, by its content security policy', async () => {
    const script =
      '<script>document.title = "ran"</script><img src="https://example.org/x.png"><p style="color: red">x</p>';
    const url = write('added', mixedReview().replace('</main>', `${script}</main>`));
    const { page, said } = await openFile(browser, url);
    expect(await page.title()).not.toBe('ran');
    await expect.poll(() => said.filter((line) => line.includes('Content Security Policy'))).toHaveLength(3);
    await page.context().close();
  });

  it('has a dark style that its content security policy allows', async () => {
    const colours = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openFile(browser, mixed, { colorScheme, bypassCSP: false });
      colours.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      await page.context().close();
    }
    expect(colours).toEqual(['rgb(255, 255, 255)', 'rgb(20, 24, 29)']);
  });

  it('can be used by keyboard: the first stop skips to the content, and folded parts unfold', async () => {
    const { page } = await openFile(browser, mixed);
    await page.keyboard.press('Tab');
    const first = page.locator(':focus');
    expect(await first.textContent()).toBe('Skip to the review');
    expect(await first.boundingBox()).toMatchObject({ x: 0 });
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
    const fold = page.locator('details').first();
    await fold.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => fold.getAttribute('open')).toBe('');
    await page.keyboard.press('Space');
    await expect.poll(() => fold.getAttribute('open')).toBeNull();
    await page.context().close();
  });

  it('has the same reading order in a screen reader', async () => {
    const { page } = await openFile(browser, mixed);
    await expect(await page.locator('body').ariaSnapshot()).toMatchFileSnapshot('../golden/review-aria.yaml');
    await page.setViewportSize({ width: 375, height: 800 });
    expect(
      await page.getByRole('table', { name: 'OWASP Machine Learning Security Top 10' }).getByRole('row').count(),
    ).toBe(11);
    await page.context().close();
  });

  it.each(Object.entries(HOSTILE).filter(([name]) => name !== 'long'))(
    'shows text with %s as text',
    async (_, text) => {
      const { page, said, asked } = await openFile(browser, write('text', hostileReview(text)));
      expect(await page.evaluate('document.images.length + document.scripts.length + document.links.length')).toBe(
        await page.locator('a[href^="#"]').count(),
      );
      const heading = (await page.locator('h1').textContent()) ?? '';
      expect(heading.startsWith('./')).toBe(true);
      expect(heading.length).toBeGreaterThanOrEqual(text.length);
      expect({ said, asked }).toEqual({ said: [], asked: [] });
      await page.context().close();
    },
  );

  it('prints completely, unfolded, with a page to sign', async () => {
    const { page } = await openFile(browser, mixed);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('details li').first().isVisible()).toBe(true);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // A4 without its margins, in CSS pixels: the part to sign fits on a page.
    await page.setViewportSize({ width: 665, height: 979 });
    const box = await page.locator('#sign-off').boundingBox();
    expect(box?.height).toBeLessThan(979);
    await page.context().close();
  });

  it('opens with ten thousand findings', async () => {
    const { manyFindings } = await import('../report/html-sample.ts');
    const url = write('many', renderHtml(manyFindings(10_000), context, { now: NOW }));
    const { page, said } = await openFile(browser, url);
    expect(await page.locator('.places > li').count()).toBe(500);
    expect(await page.locator('#findings tbody tr').count()).toBe(9_500);
    expect(said).toEqual([]);
    await page.context().close();
  });
});
