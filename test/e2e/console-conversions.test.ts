import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accessibilityFaults, chromiumPath, GET_CHROMIUM, startBrowser } from '../support/browser.ts';
import { type ConsoleService, fixtureFile, press, signIn, startConsole } from '../support/console.ts';
import { requirePart } from '../support/parts.ts';
import { sklearnCase } from '../support/sklearn-arrays.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const path = chromiumPath();
const folder = tempFolder();
const { model } = sklearnCase('bayes/gaussian.pkl');
const CLASSIFIER = { path: basename(model), bytes: readFileSync(model) };
const LAMBDA = fixtureFile('format-probes/h5-lambda/m.h5', 'lambda.h5');

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'conversions in the console', () => {
  let browser: Browser;
  let service: ConsoleService;
  let sam: string;
  let viewer: string;

  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
    service = await startConsole(join(folder, 'conversions'));
    sam = await service.token('sam', ['submitter']);
    viewer = await service.token('vera', ['viewer']);
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  async function convert(version: string, to: string): Promise<string> {
    const { id } = await service.api(sam, 'POST', '/v1/conversions', { version, to, verify: true });
    await until('the conversion ends', async () => {
      const { state } = await service.api(sam, 'GET', `/v1/jobs/${id}`);
      return state !== 'queued' && state !== 'running';
    });
    return id;
  }

  it('are started at a version, followed, and downloaded, without script', async () => {
    const version = await service.scan(sam, 'acme/gaussian', [CLASSIFIER]);
    const person = await signIn(browser, service.url, sam, { javaScriptEnabled: false });
    const page = await person.open(`/console/versions/${version.id}`);
    await press(page.getByRole('link', { name: 'Convert…' }));
    await page.getByLabel('Format').selectOption('onnx');
    await page.getByLabel('Model of the result').fill('acme/gaussian-onnx');
    expect(await page.getByLabel('Verify the result').isChecked()).toBe(true);
    expect(await page.getByText('for security approvers only').count()).toBe(1);
    await press(page.getByRole('button', { name: 'Convert it' }));
    expect(await page.locator('h1').textContent()).toBe('Conversion of acme/gaussian-onnx');
    await until('the page shows the end', async () => {
      await page.reload();
      return (await page.getByRole('link', { name: 'See the conversion' }).count()) === 1;
    });
    await press(page.getByRole('link', { name: 'See the conversion' }));
    expect(await page.getByText('Converted to onnx. Nothing of the source ran.').count()).toBe(1);
    expect(await page.locator('#verification').textContent()).toMatch(/Compared with itself.*probabilities/s);
    const row = page.locator('#files tbody tr').first();
    const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link').click()]);
    const bytes = readFileSync(await download.path());
    expect(download.suggestedFilename()).toBe('gaussian.onnx');
    expect(await row.textContent()).toContain(createHash('sha256').update(bytes).digest('hex'));
    await press(page.getByRole('link', { name: 'A version of acme/gaussian-onnx' }));
    expect(await page.locator('#lineage').textContent()).toContain('acme/gaussian 1');
    await press(page.getByRole('link', { name: 'a conversion' }));
    await press(page.getByRole('button', { name: 'Remove the files' }));
    expect(await page.getByRole('status').textContent()).toContain('The version stays');
    expect(await page.locator('#files').count()).toBe(0);
    expect(person.said).toEqual([]);
    await person.context.close();
  });

  it('say what stopped them, and what to do', async () => {
    const version = await service.scan(sam, 'acme/lambda', [LAMBDA]);
    const id = await convert(version.id, 'onnx');
    const person = await signIn(browser, service.url, sam);
    const page = await person.open(`/console/conversions/${id}`);
    const main = (await page.locator('main').textContent()) ?? '';
    expect(main).toMatch(
      /Nothing was converted\..*lambda\.h5: is not converted, because its verdict is malicious.*\(refused\)/s,
    );
    expect(main).toContain('--salvage writes its tensors alone');
    await press(page.getByRole('link', { name: 'Convert again…' }));
    expect(await page.locator('h1').textContent()).toBe('Convert acme/lambda version 1');
    await page.getByLabel('Shape of the input').fill('3,x');
    await press(page.getByRole('button', { name: 'Convert it' }));
    expect(await page.getByRole('alert').textContent()).toContain('Write a shape as at most 6 sizes');
    expect(await page.getByLabel('Shape of the input').inputValue()).toBe('3,x');
    await person.context.close();
  });

  it('can be read by everybody, and started by those who may submit', async () => {
    const version = await service.scan(sam, 'acme/read', [CLASSIFIER]);
    const id = await convert(version.id, 'onnx');
    const person = await signIn(browser, service.url, viewer);
    const page = await person.open(`/console/conversions/${id}`);
    expect(await page.getByRole('link', { name: 'gaussian.onnx' }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Remove the files' }).count()).toBe(0);
    await person.open(`/console/versions/${version.id}`);
    expect(await page.getByRole('link', { name: 'Convert…' }).count()).toBe(0);
    await person.context.close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
  ] as const)('have pages without accessibility violations that fit, %s at %i pixels', async (colorScheme, width) => {
    const version = await service.scan(sam, `acme/${colorScheme}-${width}`, [CLASSIFIER]);
    const done = await convert(version.id, 'onnx');
    const failed = await convert(version.id, 'safetensors');
    const admin = await service.token(`root-${colorScheme}-${width}`, ['admin']);
    const person = await signIn(browser, service.url, admin, {
      colorScheme,
      viewport: { width, height: 800 },
      bypassCSP: true,
    });
    const faults: unknown[] = [];
    const addresses = [
      `/console/conversions/${done}`,
      `/console/conversions/${failed}`,
      `/console/jobs/${done}`,
      '/console/jobs',
      `/console/versions/${version.id}/convert`,
    ];
    for (const address of addresses) {
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
