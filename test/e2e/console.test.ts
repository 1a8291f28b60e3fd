import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, GET_CHROMIUM, startBrowser } from '../support/browser.ts';
import { type ConsoleService, EVIL, type Person, press, SAFE, signIn, startConsole } from '../support/console.ts';
import { daysFromNow } from '../support/days.ts';
import { freePort } from '../support/free-port.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const path = chromiumPath();
const folder = tempFolder();

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'the console in a browser', () => {
  let browser: Browser;
  let service: ConsoleService;
  const tokens = new Map<string, string>();
  /** Accepts connections and never answers: a scan of it runs until it is cancelled. */
  let silent: Server;
  let silentPort = 0;

  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
    service = await startConsole(join(folder, 'story'), { allowPrivateAddresses: true });
    const roles = {
      sam: ['submitter', 'reviewer'],
      rita: ['reviewer'],
      sec: ['security-approver'],
      vera: ['viewer'],
      root: ['admin'],
    } as const;
    for (const [name, has] of Object.entries(roles)) tokens.set(name, await service.token(name, has));
    silentPort = await freePort();
    silent = createServer(() => undefined).listen(silentPort, '127.0.0.1');
  });
  afterAll(async () => {
    await browser.close();
    silent.closeAllConnections();
    silent.close();
    await service.close();
  });

  async function as(name: string, options = {}): Promise<Person> {
    return signIn(browser, service.url, tokens.get(name) ?? '', options);
  }

  /** Submits a file as a user does. @returns on the page of the job */
  async function submitFile({ page, open }: Person, model: string, file = SAFE): Promise<void> {
    await open('/console/submit');
    const form = page.locator('form', { has: page.getByLabel('Files') });
    await form
      .getByLabel('Files')
      .setInputFiles({ name: file.path, mimeType: 'application/octet-stream', buffer: file.bytes });
    await form.getByLabel('Model').fill(model);
    await press(form.getByRole('button', { name: 'Upload and scan' }));
    await page.waitForURL(/\/console\/jobs\//);
  }

  describe.each([
    ['with script', true],
    ['without script', false],
  ])('%s', (_, javaScriptEnabled) => {
    it('supports the whole path: submit, follow, read, request, approve as another person, and search', async () => {
      const model = javaScriptEnabled ? 'acme/story' : 'acme/plain';
      const sam = await as('sam', { javaScriptEnabled });
      await submitFile(sam, model);

      // With scripts the page updates itself; without, the user reloads it.
      const decision = sam.page.getByRole('link', { name: 'See the decision' });
      await until('the scan ends', async () => {
        if (javaScriptEnabled || (await decision.count()) > 0) return true;
        await press(sam.page.getByRole('link', { name: 'Look again' }));
        return false;
      });
      await press(decision);
      expect(await sam.page.locator('h1').textContent()).toContain(`${model} version 1`);
      expect(await sam.page.locator('.decision').textContent()).toContain('Allowed');
      await press(sam.page.getByRole('link', { name: 'Findings' }).first());
      expect(await sam.page.getByRole('heading', { name: 'OWASP Machine Learning Security Top 10' }).count()).toBe(1);
      expect(await sam.page.getByRole('heading', { name: 'Not scanned' }).count()).toBe(1);
      await press(sam.page.getByRole('link', { name: 'Overview' }));

      await press(sam.page.getByRole('link', { name: 'Request staging…' }));
      await sam.page.getByLabel('Reason for the request').fill('better than before\non our own test set');
      await press(sam.page.getByRole('button', { name: 'Request staging' }));
      const request = new URL(sam.page.url()).pathname;
      expect(await sam.page.getByRole('main').textContent()).toContain(
        'You requested this, so another person must approve it',
      );
      expect(await sam.page.getByRole('link', { name: 'Approve…' }).count()).toBe(0);

      // The requester is refused with a reason, also when entering the URL directly.
      await sam.open(`${request}/approve`);
      expect(await sam.page.locator('h1').textContent()).toBe('Forbidden');
      expect(await sam.page.locator('.note').textContent()).toContain('a requester cannot vote on it');

      const rita = await as('rita', { javaScriptEnabled });
      await press(rita.page.getByRole('link', { name: 'Requests', exact: true }));
      await press(rita.page.getByRole('link', { name: `${model} 1` }));
      expect(await rita.page.locator('blockquote').textContent()).toBe('better than beforeon our own test set');
      await press(rita.page.getByRole('link', { name: 'Approve…' }));
      const bound = (await rita.page.locator('.confirm').textContent()) ?? '';
      expect(bound).toMatch(/Digestsha256:[0-9a-f]{64}/);
      expect(bound).toMatch(/Policystrict sha256:[0-9a-f]{64}/);
      expect(bound).toMatch(/Ruleset\S+ sha256:[0-9a-f]{64}/);
      await rita.page.getByLabel('The reasons for your approval').fill('read the findings, ran it');
      await press(rita.page.getByRole('button', { name: 'Approve' }));
      expect(await rita.page.getByRole('status').first().textContent()).toContain('Your vote counts');
      expect(await rita.page.getByRole('main').textContent()).toContain('Approved');

      await press(rita.page.getByRole('link', { name: `${model} version 1` }));
      expect(await rita.page.locator('h1').textContent()).toContain('Staging');
      expect(await rita.page.locator('#approvals').textContent()).toContain(
        'rita as reviewer; in a session of this service',
      );
      await rita.open(`/console/audit?subject=${encodeURIComponent(`${model}@1`)}`);
      expect(await rita.page.locator('#log').textContent()).toContain('transition.approved');
      await press(rita.page.getByRole('link', { name: 'Verify the chain' }));
      expect(await rita.page.getByRole('status').textContent()).toContain('The chain is intact');

      for (const person of [sam, rita]) {
        // The browser itself logs that a page was refused.
        expect(person.said.filter((line) => !line.includes('status of 403'))).toEqual([]);
        await person.context.close();
      }
    });
  });

  it('shows a queue that updates itself, announces ended jobs, and stops cancelled ones', async () => {
    const sam = await as('sam');
    await submitFile(sam, 'acme/first');
    const watcher = await as('sam');
    await watcher.open('/console/jobs');
    await watcher.page.getByText('Live', { exact: true }).waitFor();
    await sam.open('/console/submit');
    const form = sam.page.locator('form', { has: sam.page.getByLabel('Reference') });
    await form.getByLabel('Reference').fill(`http://127.0.0.1:${silentPort}/model.bin`);
    await form.getByLabel('Model').fill('acme/slow');
    await press(form.getByRole('button', { name: 'Scan it' }));

    const row = watcher.page.getByRole('row', { name: /acme\/slow/ });
    await row.getByText('Running').waitFor();
    expect(await watcher.page.getByRole('row').count()).toBeGreaterThan(2);
    await press(row.getByRole('button', { name: 'Cancel the scan of acme/slow' }));
    await watcher.page.waitForURL(/job-cancelled/);
    expect(await watcher.page.getByText('Cancelled', { exact: true }).count()).toBe(1);

    await watcher.open('/console/jobs');
    await watcher.page.locator('[data-connected]').waitFor();
    await submitFile(sam, 'acme/heard');
    await watcher.page
      .getByRole('row', { name: /acme\/heard/ })
      .getByText('Done')
      .waitFor();
    await expect.poll(() => watcher.page.locator('#heard').textContent()).toBe('acme/heard: done');
    expect([...watcher.said, ...sam.said]).toEqual([]);
    await watcher.context.close();
    await sam.context.close();
  });

  it('shows a malicious model as such, without a request form', async () => {
    const sam = await as('sam');
    const { id } = await service.scan(tokens.get('sam') ?? '', 'acme/evil', [EVIL, SAFE]);
    await sam.open(`/console/versions/${id}`);
    expect(await sam.page.locator('.decision').textContent()).toContain('Denied');
    expect(await sam.page.locator('#decisions').textContent()).toContain('verdict.malicious');
    await sam.open(`/console/versions/${id}/assessment`);
    expect(await sam.page.locator('#findings').textContent()).toContain('os.system');
    await press(sam.page.getByRole('link', { name: 'Staging', exact: true }));
    expect(await sam.page.locator('.decision').textContent()).toContain('Decision for staging');
    await sam.open(`/console/versions/${id}`);
    const reports = await sam.page.evaluate(`[...document.querySelectorAll('#reports a')].map(({ href }) => href)`);
    expect(reports).toHaveLength(8);
    for (const report of reports as string[]) expect((await sam.page.request.get(report)).status(), report).toBe(200);
    await press(sam.page.getByRole('link', { name: 'Security review (HTML)' }));
    expect(await sam.page.title()).toMatch(/^Security review: .*: Denied$/);
    await sam.open(`/console/versions/${id}/request?to=staging`);
    await sam.page.getByLabel('Reason for the request').fill('please');
    await press(sam.page.getByRole('button', { name: 'Request staging' }));
    // The reason is shown above the typed text.
    expect(await sam.page.getByRole('alert').textContent()).toContain('The policy for staging denies it');
    expect(await sam.page.getByLabel('Reason for the request').inputValue()).toBe('please');
    await sam.context.close();
  });

  it('quarantines a version, revokes an approval and waives a rule', async () => {
    const rita = await as('rita');
    const { id, digest } = await service.scan(tokens.get('sam') ?? '', 'acme/stopped', [SAFE]);
    const transition = await service.api(tokens.get('sam') ?? '', 'POST', `/v1/versions/${id}/transition-requests`, {
      to: 'staging',
      comment: 'x',
    });
    await service.api(tokens.get('rita') ?? '', 'POST', `/v1/transitions/${transition.id}/approve`, { comment: 'x' });
    await rita.open(`/console/versions/${id}`);
    await press(rita.page.getByRole('link', { name: 'Revoke… the approval by rita' }));
    await rita.page.getByLabel('Why').fill('I looked at the wrong one');
    await press(rita.page.getByRole('button', { name: 'Revoke the approval' }));
    expect(await rita.page.locator('#approvals').textContent()).toContain('revoked: I looked at the wrong one');
    expect(await rita.page.locator('.decision').textContent()).toContain('Denied');
    await press(rita.page.getByRole('link', { name: 'Quarantine…' }));
    await rita.page.getByLabel('Why').fill('it was stolen');
    await press(rita.page.getByRole('button', { name: 'Quarantine it' }));
    expect(await rita.page.locator('h1').textContent()).toContain('Quarantined');
    await rita.context.close();

    const sec = await as('sec');
    await sec.open(`/console/versions/${id}`);
    await press(sec.page.getByRole('link', { name: 'Add a waiver…' }));
    expect(await sec.page.getByLabel('Digest of the artifact').inputValue()).toBe(digest);
    await sec.page.getByLabel('Rule', { exact: true }).fill('verdict.not-assessed');
    await sec.page.getByLabel('Why').fill('read by hand');
    await sec.page.getByLabel('Owner').fill('sec@example.org');
    await sec.page.getByLabel('Ends on').fill(daysFromNow(100));
    await press(sec.page.getByRole('button', { name: 'Waive the rule' }));
    await press(sec.page.getByRole('button', { name: 'Revoke the waiver of verdict.not-assessed' }));
    expect(await sec.page.getByText('Revoked', { exact: true }).count()).toBe(1);

    const { id: same } = await service.scan(tokens.get('sam') ?? '', 'acme/stopped-too', [SAFE]);
    await sec.open(`/console/versions/${same}`);
    const why = 'the same bytes are quarantined as acme/stopped@1: it was stolen';
    expect(await sec.page.locator('.decision').textContent()).toContain(why);
    expect(await sec.page.getByRole('link', { name: 'Request staging…' }).count()).toBe(0);
    await sec.open(`/console/versions/${same}/assessment`);
    expect(await sec.page.locator('main').textContent()).toContain(`Nobody may use or approve it: ${why}`);
    expect(sec.said).toEqual([]);
    await sec.context.close();
  });

  it('creates a token, shows its secret once, and ends its session when it is revoked', async () => {
    const root = await as('root');
    await root.open('/console/tokens');
    await root.page.getByLabel('Name').fill('browser-made');
    await root.page.getByRole('checkbox', { name: 'viewer reads' }).check();
    await press(root.page.getByRole('button', { name: 'Create the token' }));
    const secret = (await root.page.locator('.secret code').textContent()) ?? '';
    expect(secret).toMatch(/^assay_/);
    const made = await signIn(browser, service.url, secret);
    await root.open('/console/tokens');
    expect(await root.page.content()).not.toContain(secret);
    await press(root.page.getByRole('button', { name: 'Revoke the token browser-made' }));
    await made.open('/console/jobs');
    expect(made.page.url()).toBe(`${service.url}/signin?return_to=%2Fconsole%2Fjobs`);
    await made.context.close();
    await root.context.close();
  });

  it('keeps the input of a form that is refused', async () => {
    const sam = await as('sam');
    await sam.open('/console/submit');
    const form = sam.page.locator('form', { has: sam.page.getByLabel('Reference') });
    await form.getByLabel('Reference').fill('/etc/passwd');
    await form.getByLabel('Model').fill('acme/typed');
    await press(form.getByRole('button', { name: 'Scan it' }));
    expect(await sam.page.getByRole('alert').textContent()).toContain('Nothing was changed.');
    expect(await form.getByLabel('Reference').inputValue()).toBe('/etc/passwd');
    expect(await form.getByLabel('Model').inputValue()).toBe('acme/typed');
    await sam.context.close();
  });

  it('sends a form once for repeated clicks, and again after a return to the form', async () => {
    const root = await as('root');
    await root.open('/console/tokens');
    const sent: string[] = [];
    root.page.on('request', (request) => {
      if (request.method() === 'POST') sent.push(request.url());
    });
    await root.page.getByLabel('Name').fill('pressed-twice');
    await root.page.getByRole('checkbox', { name: 'viewer reads' }).check();
    await root.page.getByRole('button', { name: 'Create the token' }).dblclick();
    expect(await root.page.locator('.secret code').textContent()).toMatch(/^assay_/);
    await root.page.getByLabel('Name').fill('next-one');
    await root.page.getByRole('checkbox', { name: 'viewer reads' }).check();
    await press(root.page.getByRole('button', { name: 'Create the token' }));
    expect(await root.page.locator('.secret').textContent()).toContain('next-one');
    expect(sent).toHaveLength(2);
    await root.context.close();
  });

  it('shows each user only the permitted actions, and gives the reason for others', async () => {
    const vera = await as('vera');
    expect(await vera.page.getByRole('navigation', { name: 'Console' }).getByRole('link').allTextContents()).toEqual([
      'Models',
      'Queue',
      'Usage',
      'Requests',
      'Waivers',
      'Policies',
      'Audit log',
    ]);
    const { id } = await service.scan(tokens.get('sam') ?? '', 'acme/read', [SAFE]);
    await vera.open(`/console/versions/${id}`);
    expect(await vera.page.locator('.acts').count()).toBe(0);
    await vera.open('/console/tokens');
    expect(await vera.page.getByRole('main').textContent()).toContain('This needs one of the roles admin.');
    expect(await vera.page.getByRole('main').textContent()).toContain('You have viewer.');
    await press(vera.page.getByRole('button', { name: 'Sign out' }));
    await vera.open('/console/waivers');
    expect(vera.page.url()).toContain('/signin?return_to=%2Fconsole%2Fwaivers');
    await vera.page.getByLabel('API token').fill('assay_wrong');
    await press(vera.page.getByRole('button', { name: 'Sign in' }));
    expect(await vera.page.getByRole('alert').textContent()).toContain('unknown, expired or revoked');
    await vera.page.getByLabel('API token').fill(tokens.get('vera') ?? '');
    await press(vera.page.getByRole('button', { name: 'Sign in' }));
    expect(vera.page.url()).toBe(`${service.url}/console/waivers`);
    await vera.context.close();
  });
});
