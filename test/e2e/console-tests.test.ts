import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accessibilityFaults, chromiumPath, GET_CHROMIUM, startBrowser } from '../support/browser.ts';
import { type ConsoleService, press, signIn, startConsole } from '../support/console.ts';
import { DIGITS } from '../support/digits.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const path = chromiumPath();
const folder = tempFolder();
const suites = join(folder, 'suites');
const model = (name: string) => ({ path: 'digits.onnx', bytes: readFileSync(join(DIGITS, `${name}.onnx`)) });

mkdirSync(suites);
copyFileSync(join(DIGITS, 'held-out.npz'), join(suites, 'held-out.npz'));
writeFileSync(
  join(suites, 'digits.yaml'),
  `
version: 1
name: digits
data: { held-out: { inputs: [{ file: held-out.npz, columns: [X] }], labels: held-out.npz#y } }
tests:
  - { id: accuracy, kind: accuracy, data: held-out, min: 0.9 }
  - { id: finite, kind: range, data: held-out }
`,
);

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'tests of models in the console', () => {
  let browser: Browser;
  let service: ConsoleService;
  let sam: string;
  let failed: string;

  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
    service = await startConsole(join(folder, 'service'), { suites });
    sam = await service.token('sam', ['submitter']);
    const version = await service.scan(sam, 'acme/flipped', [model('flipped')]);
    const { id } = await service.api(sam, 'POST', '/v1/tests', { version: version.id, suite: 'digits' });
    failed = id;
    await until('the tests end', async () => (await service.api(sam, 'GET', `/v1/jobs/${id}`)).state === 'done');
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  it('are started at a version, followed, read and removed, without script', async () => {
    const version = await service.scan(sam, 'acme/digits', [model('good')]);
    const person = await signIn(browser, service.url, sam, { javaScriptEnabled: false });
    const page = await person.open(`/console/versions/${version.id}`);
    await press(page.getByRole('link', { name: 'Test…' }));
    await page.getByLabel('Suite').selectOption('digits');
    await press(page.getByRole('button', { name: 'Test it' }));
    expect(await page.locator('h1').textContent()).toBe('Test of acme/digits');
    await until('the page shows the end', async () => {
      await page.reload();
      return (await page.getByRole('link', { name: 'See the tests' }).count()) === 1;
    });
    await press(page.getByRole('link', { name: 'See the tests' }));
    expect(await page.getByText('Everything that the suite asks holds.').count()).toBe(1);
    expect(await page.getByText('none was compared with: no version is approved for production').count()).toBe(1);
    expect(await page.locator('#tests').textContent()).toMatch(/accuracy.*0\.978224.*at least 0\.9/s);
    await press(page.getByRole('button', { name: 'Remove the report' }));
    expect(await page.getByRole('status').textContent()).toContain('The outcome stays');
    expect(await page.locator('#tests').count()).toBe(0);
    await person.open('/console/jobs');
    await press(page.getByRole('link', { name: 'Tests', exact: true }));
    expect(await page.locator('tbody tr').count()).toBe(2);
    await press(page.getByRole('link', { name: 'Conversions', exact: true }));
    expect(await page.getByText('No conversion').count()).toBe(1);
    expect(person.said).toEqual([]);
    await person.context.close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 375],
  ] as const)('have pages without accessibility violations that fit, %s at %i pixels', async (colorScheme, width) => {
    const { test } = await service.api(sam, 'GET', `/v1/jobs/${failed}`);
    const viewport = { width, height: 800 };
    const person = await signIn(browser, service.url, sam, { colorScheme, viewport, bypassCSP: true });
    const faults: unknown[] = [];
    const addresses = ['tests', 'jobs'].map((kind) => `/console/${kind}/${failed}`);
    for (const address of [...addresses, '/console/jobs?kind=test', `/console/versions/${test.version}/test`]) {
      const page = await person.open(address);
      for (const fault of await accessibilityFaults(page)) faults.push([address, fault]);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      if (wide !== width) faults.push([address, `scrolls to ${wide}`]);
    }
    expect(faults).toEqual([]);
    expect(person.said).toEqual([]);
    await person.context.close();
  });
});
