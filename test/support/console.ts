import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { loadRegistryRules, openRegistry, type Role } from '../../src/registry/index.ts';
import type { ServiceConfig } from '../../src/service/config.ts';
import { readConfig } from '../../src/service/config-read.ts';
import { type RunningService, startService } from '../../src/service/service.ts';
import { PATIENCE_MS } from './browser.ts';
import { freePort } from './free-port.ts';
import { TOKEN_OWNERS, UNLIMITED } from './service.ts';

/** The real service with its worker, as `assay serve` starts it. */
export interface ConsoleService {
  readonly url: string;
  /** A token of a new person. */
  token(name: string, roles: readonly Role[]): Promise<string>;
  api(token: string, method: string, path: string, body?: unknown): Promise<Answer>;
  /** Uploads files, scans them, and waits. @returns the version */
  scan(token: string, model: string, files: readonly ConsoleFile[]): Promise<Answer>;
  /** The errors and warnings in the service's log. */
  readonly told: readonly string[];
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON there is
type Answer = any;

export interface ConsoleFile {
  readonly path: string;
  readonly bytes: Buffer;
}

type Changes = Partial<ServiceConfig> | ((url: string) => Promise<Partial<ServiceConfig>>);

/** @param changes to the configuration, which can depend on the address of the service */
export async function startConsole(folder: string, changes: Changes = {}): Promise<ConsoleService> {
  const listen = `127.0.0.1:${await freePort()}`;
  const env = { ASSAY_DATA: join(folder, 'data'), ASSAY_LOG_LEVEL: 'silent', ...UNLIMITED, ...TOKEN_OWNERS };
  const read = await readConfig({ listen }, env);
  const config = { ...read, ...(typeof changes === 'function' ? await changes(read.publicUrl) : changes) };
  const told: string[] = [];
  const service: RunningService = await startService(config, { tell: (line) => told.push(line) });
  const { url } = service;
  const firstToken = service.firstToken ?? (await tokenOf(config));

  const api: ConsoleService['api'] = async (token, method, path, body) => {
    const json = body !== undefined && !(body instanceof Buffer);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...(body instanceof Buffer ? { 'content-type': 'application/octet-stream', 'upload-offset': '0' } : {}),
      },
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : new Uint8Array(body as Buffer) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

  return {
    url,
    told,
    api,
    async token(name, roles) {
      return (await api(firstToken, 'POST', '/v1/tokens', { name, roles, owner: name })).secret;
    },
    async scan(token, model, files) {
      const announced = files.map(({ path, bytes }) => ({ path, size: bytes.length }));
      const { id } = await api(token, 'POST', '/v1/uploads', { files: announced });
      for (const [i, { bytes }] of files.entries()) await api(token, 'PATCH', `/v1/uploads/${id}/files/${i}`, bytes);
      await api(token, 'POST', `/v1/uploads/${id}/complete`);
      const job = await api(token, 'POST', '/v1/jobs', { upload: id, model });
      for (
        const end = Date.now() + 120_000;
        Date.now() < end;
        await new Promise((resolve) => setTimeout(resolve, 50))
      ) {
        const now = await api(token, 'GET', `/v1/jobs/${job.id}`);
        if (now.state === 'done') return api(token, 'GET', `/v1/versions/${now.version}`);
        if (now.state === 'failed') throw new Error(JSON.stringify(now.error));
      }
      throw new Error(`the scan of ${model} does not end`);
    },
    close: () => service.close(),
  };
}

/** With an identity provider, the service creates no token at its start. */
async function tokenOf({ database, rules }: ServiceConfig): Promise<string> {
  const registry = await openRegistry({ database, rules: await loadRegistryRules(rules) });
  const by = { tenant: 'default', subject: 'operator', issuer: null, roles: ['admin'], via: 'local' } as const;
  const { secret } = await registry.createToken(by, { name: 'first', roles: ['admin'] });
  await registry.close();
  return secret;
}

export function fixtureFile(path: string, as: string): ConsoleFile {
  return { path: as, bytes: readFileSync(new URL(`../../fixtures/${path}`, import.meta.url)) };
}

export const SAFE = fixtureFile('format-probes/st-ok/m.safetensors', 'model.safetensors');
export const EVIL = fixtureFile('pickle-probes/bare-as-bin/model.bin', 'pytorch_model.bin');

/** A person with a browser, and everything that the pages must not do. */
export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, violations of the policy among them, and dialogs. */
  readonly said: readonly string[];
  open(path: string): Promise<Page>;
}

/** A person who is not signed in. */
export async function somebody(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return {
    page,
    context,
    said,
    async open(path) {
      await page.goto(`${url}${path}`);
      return page;
    },
  };
}

/** Clicks, and waits until the next page is loaded: a click alone waits only for its start. */
export async function press(target: Locator): Promise<void> {
  await target.click();
  await target.page().waitForLoadState();
}

/** Signs a person in through the form. */
export async function signIn(
  browser: Browser,
  url: string,
  token: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const person = await somebody(browser, url, options);
  const page = await person.open('/signin');
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${url}/console`);
  return person;
}
