import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accessibilityFaults, chromiumPath, GET_CHROMIUM, PATIENCE_MS, startBrowser } from '../support/browser.ts';
import { type ConsoleService, type Person, press, SAFE, somebody, startConsole } from '../support/console.ts';
import { AUDIENCE, CLIENT } from '../support/oidc-issuer.ts';
import { type OpenidProvider, openidProvider } from '../support/openid-provider.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const path = chromiumPath();
const folder = tempFolder();
const BUTTON = "Sign in with your organisation's account";

requirePart(
  'browser Chromium',
  path !== undefined,
  GET_CHROMIUM,
  'signing in at an OpenID provider',
  () => {
    let browser: Browser;
    let service: ConsoleService;
    let provider: OpenidProvider;
    let token: string;
    let people: Person[] = [];

    beforeAll(async () => {
      browser = await startBrowser(path ?? '');
      service = await startConsole(join(folder, 'oidc'), async (url) => {
        provider = await openidProvider(url);
        const client = { audience: AUDIENCE, clientId: CLIENT.id, clientSecret: CLIENT.secret };
        return { oidc: { issuer: provider.url, ...client, tenantClaim: 'tenant', rolesClaim: 'roles' } };
      });
      token = await service.token('sam', ['submitter']);
      provider.knows('rita', { tenant: 'default', roles: ['reviewer', 'payroll'] });
      provider.knows('vera', { tenant: 'default', roles: 'viewer' });
      provider.knows('olga', { tenant: 'other', roles: ['admin'] });
      provider.knows('nora', { tenant: 'default' });
      provider.knows('paul', { tenant: '../default', roles: ['admin'] });
    });
    afterEach(async () => {
      for (const { context } of people) await context.close();
      people = [];
    });
    afterAll(async () => {
      await browser.close();
      await service.close();
      await provider.stop();
    });

    async function visitor(options = {}): Promise<Person> {
      const person = await somebody(browser, service.url, options);
      // The provider's own pages request a font from the internet.
      await person.context.route(/^https:/, (route) => route.abort());
      people.push(person);
      return person;
    }

    /** Signs in at the provider and gives consent. */
    async function signInThere({ page }: Person, name: string): Promise<void> {
      await page.getByPlaceholder('Enter any login').fill(name);
      await page.getByPlaceholder('and password').fill('secret');
      await press(page.getByRole('button', { name: 'Sign-in' }));
      await press(page.getByRole('button', { name: 'Continue' }));
    }

    async function signedIn(name: string, wanted = '/console'): Promise<Person> {
      const person = await visitor();
      await person.open(wanted);
      await press(person.page.getByRole('link', { name: BUTTON }));
      await signInThere(person, name);
      return person;
    }

    /** Starts a sign-in without following the redirect. @returns its target */
    async function begun({ context }: Person, returnTo = '/console/jobs'): Promise<URL> {
      const at = `${service.url}/signin/oidc?return_to=${encodeURIComponent(returnTo)}`;
      return new URL((await context.request.get(at, { maxRedirects: 0 })).headers().location ?? '');
    }

    async function request(): Promise<{ readonly version: string; readonly path: string }> {
      const { id } = await service.scan(token, `acme/m${Math.random().toString(36).slice(2)}`, [SAFE]);
      const transition = { to: 'staging', comment: 'please' };
      const { id: asked } = await service.api(token, 'POST', `/v1/versions/${id}/transition-requests`, transition);
      return { version: id, path: `/console/requests/${asked}` };
    }

    it('reports an unavailable provider, still accepts API tokens, and works again when the provider is back', async () => {
      const rita = await visitor();
      await rita.open('/console/jobs');
      await press(rita.page.getByRole('link', { name: BUTTON }));
      expect(await rita.page.getByRole('alert').textContent()).toContain('The identity provider cannot be reached');
      await rita.page.getByLabel('API token').fill(token);
      await press(rita.page.getByRole('button', { name: 'Sign in', exact: true }));
      await rita.page.waitForURL(`${service.url}/console/jobs`);
      await provider.start();
      // The service does not retry an unreachable provider for a second, and limits the sign-ins of an address.
      const patience = { timeout: PATIENCE_MS, interval: 1_000 };
      await expect.poll(async () => (await begun(rita)).origin, patience).toBe(provider.url);
      await (await signedIn('rita', '/console/waivers')).page.waitForURL(`${service.url}/console/waivers`);
    });

    it("returns to the requested page as the provider's user, who can then approve", async () => {
      const { version, path: wanted } = await request();
      const rita = await signedIn('rita', `${wanted}/approve`);
      await rita.page.waitForURL(`${service.url}${wanted}/approve`);
      const before = rita.said.length;
      expect(await rita.page.locator('.who').textContent()).toContain(`rita (${provider.url})`);
      expect(await rita.page.locator('.who .quiet').textContent()).toBe('default · reviewer');
      await rita.page.getByLabel('The reasons for your approval').fill('read it');
      await press(rita.page.getByRole('button', { name: 'Approve' }));
      expect(await rita.page.getByRole('status').first().textContent()).toContain('Your vote counts');

      const [approval] = (await service.api(token, 'GET', `/v1/versions/${version}/approvals`)).items;
      expect(approval).toMatchObject({ method: 'service', signer: `rita (${provider.url})`, role: 'reviewer' });
      const { payload } = JSON.parse(approval.attestation).dsseEnvelope;
      const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString());
      for (const who of ['"rita"', JSON.stringify(provider.url)]) expect(JSON.stringify(predicate)).toContain(who);
      expect(rita.said.slice(before)).toEqual([]);
    });

    it('keeps the session from scripts and from forms of other sites', async () => {
      const rita = await signedIn('rita');
      const cookies = (await rita.context.cookies(service.url)).filter(({ name }) => name.startsWith('assay-'));
      // Nothing of the sign-in itself remains.
      expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
        ['assay-session', true, 'Lax'],
      ]);
      expect(await rita.page.evaluate('document.cookie')).toBe('');
      const { path: wanted } = await request();
      // A page of the other site that submits the form of this one.
      await rita.page.route(`${provider.url}/evil`, (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<form method="post" action="${service.url}${wanted}/reject"><input name="role" value="reviewer"><input name="comment" value="x"><button>Win</button></form>
<iframe src="${service.url}/console"></iframe>`,
        }),
      );
      await rita.page.goto(`${provider.url}/evil`);
      await expect.poll(() => rita.page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/');
      await press(rita.page.getByRole('button', { name: 'Win' }));
      // The request has no session cookie.
      await rita.page.getByRole('heading', { name: 'Sign in first' }).waitFor();
      await rita.open(wanted);
      expect(await rita.page.locator('#votes').textContent()).toContain('Nobody has voted yet');
    });

    it('ends by signing out: no page is shown by going back, and the next visit requires a sign-in', async () => {
      const rita = await signedIn('rita', '/console/audit');
      await rita.page.getByRole('heading', { name: 'Audit log' }).waitFor();
      const { page } = rita;
      await press(page.getByRole('button', { name: 'Sign out' }));
      expect(await page.getByRole('status').textContent()).toContain('You are signed out.');
      await page.goBack();
      expect(await page.locator('h1').textContent()).toBe('Sign in');
      expect(new URL(page.url()).searchParams.get('return_to')).toBe('/console/audit');
      // The provider still has its session and asks nothing.
      await press(page.getByRole('link', { name: BUTTON }));
      await page.waitForURL(`${service.url}/console/audit`);
    });

    it('gives exactly the roles and the tenant that the provider states', async () => {
      const { version } = await request();
      const vera = await signedIn('vera');
      expect(await vera.page.getByRole('link', { name: 'Submit', exact: true }).count()).toBe(0);
      await vera.open(`/console/versions/${version}/quarantine`);
      expect(await vera.page.getByRole('main').textContent()).toContain('You have viewer.');

      const olga = await signedIn('olga');
      await olga.open(`/console/versions/${version}`);
      expect(await olga.page.locator('h1').textContent()).toBe('Not found');

      const nora = await signedIn('nora');
      expect(await nora.page.getByRole('main').textContent()).toContain('You have no role.');

      const paul = await signedIn('paul');
      expect(await paul.page.getByRole('alert').textContent()).toContain('The token has no tenant in its claim tenant');
      expect(await paul.context.cookies(service.url)).toEqual([]);
    });

    it.each([
      ['state', 'another', 'started in another browser'],
      ['nonce', 'another', 'The ID token belongs to another sign-in.'],
      ['code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'The sign-in has expired; sign in again.'],
    ])('refuses an answer with another %s than was sent', async (name, value, says) => {
      const person = await visitor();
      const forged = await begun(person);
      forged.searchParams.set(name, value);
      await person.page.goto(forged.href);
      await signInThere(person, 'rita');
      expect(await person.page.getByRole('alert').textContent()).toContain(says);
      expect((await person.context.cookies(service.url)).map((one) => one.name)).not.toContain('assay-session');
      // A retry still returns to the requested page, unless the answer belonged to no sign-in of this browser.
      await press(person.page.getByRole('link', { name: BUTTON }));
      await person.page.waitForURL(`${service.url}/console${name === 'state' ? '' : '/jobs'}`);
    });

    it('refuses a code that the provider did not issue', async () => {
      const person = await visitor();
      const state = (await begun(person)).searchParams.get('state');
      await person.open(`/signin/callback?code=made-up&state=${state}&iss=${encodeURIComponent(provider.url)}`);
      expect(await person.page.getByRole('alert').textContent()).toContain('The sign-in has expired; sign in again.');
    });

    it('accepts no answer twice, and none that another browser requested', async () => {
      const rita = await visitor();
      let answer = '';
      rita.page.on('request', (sent) => {
        if (sent.url().includes('/signin/callback')) answer = sent.url();
      });
      await rita.open('/console/jobs');
      await press(rita.page.getByRole('link', { name: BUTTON }));
      await signInThere(rita, 'rita');
      await rita.page.waitForURL(`${service.url}/console/jobs`);
      for (const person of [rita, await visitor()]) {
        await person.page.goto(answer);
        expect(await person.page.getByRole('alert').textContent()).toContain('started in another browser');
      }
    });

    it('lets two tabs sign in, each at its own time', async () => {
      const rita = await visitor();
      const other = await rita.context.newPage();
      await rita.open('/console/jobs');
      await press(rita.page.getByRole('link', { name: BUTTON }));
      await rita.page.getByPlaceholder('Enter any login').waitFor();
      await other.goto(`${service.url}/console/waivers`);
      await press(other.getByRole('link', { name: BUTTON }));
      await signInThere(rita, 'rita');
      expect(await rita.page.getByRole('alert').textContent()).toContain('started in another browser');
      // The answer for the first tab did not end the sign-in of the second.
      await other.getByPlaceholder('Enter any login').fill('rita');
      await other.getByPlaceholder('and password').fill('secret');
      await press(other.getByRole('button', { name: 'Sign-in' }));
      await other.waitForURL(`${service.url}/console/waivers`);
    });

    it('reports a sign-in that was cancelled at the provider', async () => {
      const person = await visitor({ bypassCSP: true });
      await person.open('/console/waivers');
      await press(person.page.getByRole('link', { name: BUTTON }));
      await press(person.page.getByRole('link', { name: '[ Cancel ]' }));
      expect(await person.page.getByRole('alert').textContent()).toContain(
        'The identity provider refused the sign-in (access_denied); sign in again.',
      );
      expect(await accessibilityFaults(person.page)).toEqual([]);
      await person.page.getByLabel('API token').fill(token);
      await press(person.page.getByRole('button', { name: 'Sign in', exact: true }));
      await person.page.waitForURL(`${service.url}/console/waivers`);
    });

    it('reports a provider that becomes unavailable meanwhile', async () => {
      const rita = await visitor();
      await rita.open('/console/jobs');
      await press(rita.page.getByRole('link', { name: BUTTON }));
      provider.breaks('/token');
      await signInThere(rita, 'rita');
      expect(await rita.page.getByRole('alert').textContent()).toContain('The identity provider cannot be reached');
      provider.breaks(undefined);
      await press(rita.page.getByRole('link', { name: BUTTON }));
      await rita.page.waitForURL(`${service.url}/console/jobs`);
    });
  },
  STORY,
);
