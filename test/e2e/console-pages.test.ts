import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../src/registry/index.ts';
import { readConfig } from '../../src/service/config-read.ts';
import { openServiceRegistry } from '../../src/service/open-registry.ts';
import { HOSTILE, hostile } from '../report/hostile.ts';
import { accessibilityFaults, chromiumPath, GET_CHROMIUM, startBrowser } from '../support/browser.ts';
import { type ConsoleService, EVIL, type Person, SAFE, signIn, startConsole } from '../support/console.ts';
import { daysFromNow } from '../support/days.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const path = chromiumPath();
const folder = tempFolder();

/** Text for comments, reasons and references: any single line. */
const WRITTEN = ['html', 'bidi', 'invisible', 'markdown', 'shell', 'uri'] as const;
/** Text for files, findings and model cards: anything. */
const FOUND = ['html', 'ansi', 'c1', 'newlines', 'bidi', 'surrogates', 'long'] as const;

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'every page of the console', () => {
  let browser: Browser;
  let service: ConsoleService;
  let token: string;
  const hostilePages: string[] = [];
  const pages: string[] = [
    '/console',
    '/console?stage=production&search=none',
    '/console/submit',
    '/console/jobs',
    '/console/jobs?state=failed',
    '/console/usage',
    '/console/usage?by=tenant',
    '/console/usage?by=model&from=2001-01-01&to=2001-01-31',
    '/console/requests',
    '/console/requests?state=all',
    '/console/waivers',
    '/console/waivers/new',
    '/console/policies',
    '/console/audit',
    '/console/audit/verify',
    '/console/audit?subject=nothing',
    '/console/tokens',
    '/console/nowhere',
  ];

  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
    service = await startConsole(join(folder, 'pages'));
    const sam = await service.token('sam', ['submitter']);
    token = await service.token('root', ['submitter', 'reviewer', 'security-approver', 'admin']);
    const first = await service.scan(sam, 'acme/bert', [SAFE]);
    const second = await service.scan(sam, 'acme/bert', [SAFE, EVIL]);
    const asked = await service.api(sam, 'POST', `/v1/versions/${first.id}/transition-requests`, {
      to: 'staging',
      comment: 'a\nb',
    });
    await service.api(token, 'POST', `/v1/transitions/${asked.id}/approve`, { comment: 'c' });
    const open = await service.api(sam, 'POST', `/v1/versions/${first.id}/transition-requests`, {
      to: 'staging',
      comment: 'again',
    });
    const approvals = await service.api(token, 'GET', `/v1/versions/${first.id}/approvals`);
    const job = (await service.api(token, 'GET', '/v1/jobs')).items[0];
    pages.push('/console/models/acme%2Fbert', `/console/jobs/${job.id}`);
    for (const { id } of [first, second]) pages.push(`/console/versions/${id}`, `/console/versions/${id}/assessment`);
    pages.push(
      `/console/versions/${second.id}/changes`,
      `/console/versions/${second.id}/request?to=staging`,
      `/console/versions/${first.id}/quarantine`,
      `/console/versions/${first.id}/retire`,
      `/console/versions/${first.id}/approvals/${approvals.items[0].id}/revoke`,
      `/console/requests/${open.id}`,
      `/console/requests/${open.id}/approve`,
      `/console/requests/${open.id}/reject`,
      `/console/requests/${asked.id}`,
    );
    hostilePages.push(...(await plantHostile()));
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  /** Registers what hostile artifacts and people would write, directly in the registry. @returns pages that show it */
  async function plantHostile(): Promise<string[]> {
    const registry = await openServiceRegistry(await readConfig({ data: join(folder, 'pages', 'data') }, {}));
    const shown: string[] = [];
    const pair: string[] = [];
    for (const [i, name] of FOUND.entries()) {
      const by: Principal = {
        tenant: 'default',
        subject: `eve-${i}`,
        issuer: null,
        roles: ['submitter'],
        via: 'local',
      };
      // The registry refuses assessments above 64 MiB; each name occurs thirty times in it.
      const { assessment } = hostile((HOSTILE[name] ?? '').slice(0, 1_000_000));
      const digest = `sha256:${String(i).padStart(64, 'a')}`;
      const { version } = await registry.register(by, {
        model: 'evil/found',
        assessment: {
          ...assessment,
          artifact: { ref: 'https://example.org/x', pinned: 'https://example.org/x', digest },
        },
      });
      pair.push(version.id);
      shown.push(`/console/versions/${version.id}`, `/console/versions/${version.id}/assessment`);
    }
    shown.push(`/console/versions/${pair.at(-1)}/changes`, '/console/models/evil%2Ffound');
    for (const [i, name] of WRITTEN.entries()) {
      const text = (HOSTILE[name] ?? '').replaceAll('\0', '');
      const by: Principal = {
        tenant: 'default',
        subject: text,
        issuer: `https://${i}.example/${text}`,
        roles: ['submitter', 'security-approver'],
        via: 'oidc',
      };
      const digest = `sha256:${String(i).padStart(64, 'b')}`;
      const { assessment } = hostile('x');
      const { version } = await registry.register(by, {
        model: 'evil/written',
        assessment: { ...assessment, files: [], findings: [], artifact: { ref: text, pinned: text, digest } },
        lineage: { baseModels: [{ ref: text, digest: null }], datasets: [text], code: text, run: text },
      });
      await registry.addWaiver(by, {
        rule: 'verdict.suspicious',
        digest,
        reason: text,
        owner: text,
        expires: daysFromNow(100),
      });
      const { job } = await registry.jobs.create(by, { target: text, model: 'evil/job', ruleset: 'none' });
      await registry.jobs.cancel(by, job.id);
      shown.push(
        `/console/versions/${version.id}`,
        `/console/jobs/${job.id}`,
        `/console/audit?subject=${encodeURIComponent('evil/written@1')}`,
      );
      const transition = await registry.quarantine(by, version.id, `${text}\n${text}`);
      shown.push(`/console/versions/${transition.id}`);
    }
    await registry.close();
    return shown;
  }

  /** Messages of the browser itself about pages that are refused on purpose. */
  const isExpected = (line: string) => /status of (403|404|409)/.test(line);

  async function visit(
    person: Person,
    addresses: readonly string[],
    check: (address: string) => Promise<void>,
  ): Promise<void> {
    for (const address of addresses) {
      await person.open(address);
      // A refused page has no content, and would pass every check.
      expect((await person.page.title()) === 'Not found · Assay', address).toBe(address === '/console/nowhere');
      await check(address);
    }
    expect(person.said.filter((line) => !isExpected(line))).toEqual([]);
    await person.context.close();
  }

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
  ] as const)(
    'has no accessibility violation and fits, %s at %i pixels',
    async (colorScheme, width) => {
      const viewport = { width, height: 800 };
      const person = await signIn(browser, service.url, token, { colorScheme, viewport, bypassCSP: true });
      const faults: unknown[] = [];
      await visit(person, pages, async (address) => {
        for (const fault of await accessibilityFaults(person.page)) faults.push([address, fault]);
        const wide = await person.page.evaluate('document.documentElement.scrollWidth');
        if (wide !== width) faults.push([address, `scrolls to ${wide}`]);
      });
      expect(faults).toEqual([]);
    },
    300_000,
  );

  it('shows hostile text as text: nothing runs, links, loads or opens', async () => {
    const person = await signIn(browser, service.url, token, { viewport: { width: 360, height: 800 } });
    const asked = new Set<string>();
    let shown = '';
    person.page.on('request', (request) => asked.add(new URL(request.url()).origin));
    const found: unknown[] = [];
    await visit(person, hostilePages, async (address) => {
      const inline = await person.page.evaluate(
        `[...document.querySelectorAll('script:not([src]), style, img, iframe, object, embed, [style], [onerror], [onclick]')].map((e) => e.outerHTML.slice(0, 80))`,
      );
      const links = await person.page.evaluate(
        `[...document.querySelectorAll('a, form, link, script')].map((e) => e.href || e.action || e.src).filter((to) => !to.startsWith(location.origin + '/'))`,
      );
      const direction = await person.page.evaluate(
        `/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u001b\\u0080-\\u009f]/.test(document.body.textContent)`,
      );
      const wide = await person.page.evaluate('document.documentElement.scrollWidth');
      shown += await person.page.evaluate('document.body.textContent.slice(0, 100_000)');
      const length = await person.page.evaluate('document.documentElement.outerHTML.length');
      if (
        String(inline) !== '' ||
        String(links) !== '' ||
        direction !== false ||
        wide !== 360 ||
        Number(length) > 400_000
      )
        found.push([address, inline, links, direction, wide, length]);
    });
    expect(found).toEqual([]);
    expect([...asked]).toEqual([service.url]);
    // The text is visible on the page.
    for (const text of [
      '<script>alert(1)</script>',
      '\\u{202e}gnp.exe',
      '\\x1b[2J',
      '[click](https://evil.example)',
      'AAAAAAAAAA',
    ])
      expect(shown).toContain(text);
  }, 300_000);

  it('can be used by keyboard: the first stop skips to the content, and the focus is visible', async () => {
    const person = await signIn(browser, service.url, token);
    await person.open('/console');
    await person.page.keyboard.press('Tab');
    expect(await person.page.locator(':focus').textContent()).toBe('Skip to the page');
    expect(await person.page.locator(':focus').boundingBox()).toMatchObject({ x: 0 });
    await person.page.keyboard.press('Enter');
    await expect.poll(() => person.page.evaluate('document.activeElement.id')).toBe('main');
    await person.page.keyboard.press('Tab');
    expect(await person.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await person.context.close();
  });

  it('prints its data without controls', async () => {
    const person = await signIn(browser, service.url, token);
    await person.open(pages.find((page) => page.startsWith('/console/versions/')) ?? '');
    await person.page.emulateMedia({ media: 'print' });
    expect(await person.page.locator('header').first().isVisible()).toBe(false);
    expect(await person.page.locator('.button:visible').count()).toBe(0);
    expect(await person.page.locator('#decisions').isVisible()).toBe(true);
    expect((await person.page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
    await person.context.close();
  });

  it('runs no injected script', async () => {
    const person = await signIn(browser, service.url, token);
    await person.page.route('**/console', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(
        '</main>',
        '<script>document.title = "ran"</script><img src="https://example.org/x.png"></main>',
      );
      await route.fulfill({ response, body });
    });
    await person.open('/console');
    expect(await person.page.title()).toBe('Models · Assay');
    await expect.poll(() => person.said.filter((line) => line.includes('Content Security Policy'))).toHaveLength(2);
    await person.context.close();
  });
});
