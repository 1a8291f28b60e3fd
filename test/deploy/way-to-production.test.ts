import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, ROOT } from '../cli/run-cli.ts';
import { type ConsoleService, SAFE, startConsole } from '../support/console.ts';
import { daysFromNow } from '../support/days.ts';
import { tempFolder } from '../support/temp.ts';

const guide = readFileSync(join(ROOT, 'docs/service.md'), 'utf8');
const section = /^## From an unsigned upload to production\n(.*?)^## /ms.exec(guide)?.[1] ?? '';
const [atService = '', atFile = ''] = [...section.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, script]) => script);
const folder = tempFolder();
const EXPIRES = daysFromNow(30);

/** Runs commands of the guide, with the real command line. */
function run(script: string, env: NodeJS.ProcessEnv): Promise<{ readonly code: number | null; readonly said: string }> {
  const shell = `set -eu\nassay() { "${process.execPath}" "${MAIN}" "$@"; }\n${script}`;
  const { ASSAY_TOKEN: _token, ASSAY_URL: _url, ...outer } = process.env;
  const child = spawn('bash', ['-c', shell], { cwd: folder, env: { ...outer, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

beforeAll(() => {
  mkdirSync(join(folder, 'model'));
  writeFileSync(join(folder, 'model', SAFE.path), SAFE.bytes);
});

describe('the way of an unsigned upload to production, at a service', () => {
  let service: ConsoleService;
  const tokens: Record<string, string> = {};
  const env = () => ({ ...tokens, ASSAY_URL: service.url, EXPIRES });

  beforeAll(async () => {
    service = await startConsole(join(folder, 'service'));
    const people = {
      ALAN: 'submitter',
      GRACE: 'reviewer',
      IVY: 'security-approver',
      SELMA: 'security-approver',
    } as const;
    for (const [name, role] of Object.entries(people)) tokens[name] = await service.token(name.toLowerCase(), [role]);
  });
  afterAll(() => service.close());

  const versionOf = (model: string) =>
    service.api(tokens.ALAN ?? '', 'GET', `/v1/models/${encodeURIComponent(model)}/versions/1`);
  const standing = async (digest: string, model: string) => {
    const { items } = await service.api(tokens.ALAN ?? '', 'GET', `/v1/decisions?digest=${digest}`);
    return items.find((one: { readonly model: string }) => one.model === model);
  };

  it('by the command line: every command of the guide works, and ends with the version in production', async () => {
    const { code, said } = await run(atService, env());
    expect(code, said).toBe(0);
    const { digest, stage } = await versionOf('acme/ranker');
    expect(stage).toBe('production');
    expect(await standing(digest, 'acme/ranker')).toMatchObject({
      action: 'allow',
      approvedFor: ['staging', 'production'],
    });
  });

  it('by the command line: the error where it stops names the next step each time', async () => {
    const file = { path: 'model.safetensors', bytes: Buffer.concat([SAFE.bytes]) };
    const other = { path: 'README.md', bytes: Buffer.from('# another\n') };
    const { id, digest } = await service.scan(tokens.ALAN ?? '', 'acme/stopped', [file, other]);
    await run('ASSAY_TOKEN=$ALAN assay promote acme/stopped@1 --stage staging', env());
    await run('ASSAY_TOKEN=$GRACE assay approve acme/stopped@1 --stage staging', env());
    const ask = () => run('ASSAY_TOKEN=$ALAN assay promote acme/stopped@1 --stage production', env());
    const byApi = async () =>
      service
        .api(tokens.ALAN ?? '', 'POST', `/v1/versions/${id}/transition-requests`, { to: 'production', comment: 'x' })
        .then(JSON.stringify, (error: Error) => error.message);
    for (const rule of ['signature.verified', 'data.provenance']) {
      const { code, said } = await ask();
      expect(code).toBe(1);
      const step = `let a security approver, who then does not approve these bytes, waive ${rule} for them`;
      expect(said.replaceAll(/\s+/g, ' ')).toContain(step);
      expect(await byApi()).toContain(step);
      // Nobody is led to a command that a service refuses.
      expect(said).not.toContain('--report report.json');
      const waiver = { rule, digest, reason: 'ours', owner: 'ml', expires: EXPIRES };
      // Who asked has not the role; who approved it for staging may not waive.
      for (const name of ['ALAN', 'GRACE'])
        await expect(service.api(tokens[name] ?? '', 'POST', '/v1/waivers', waiver)).rejects.toThrow(/403/);
      await service.api(tokens.IVY ?? '', 'POST', '/v1/waivers', waiver);
    }
    expect((await ask()).code).toBe(0);
    // Who waived cannot approve.
    const own = await run('ASSAY_TOKEN=$IVY assay approve acme/stopped@1 --stage production', env());
    expect(own.code).toBe(1);
    expect(own.said).toContain('another person must approve');
  });

  /** Pages and forms, as a browser without script sends them. */
  class Visitor {
    readonly #cookie: string;
    constructor(cookie: string) {
      this.#cookie = cookie;
    }
    static async signIn(token: string): Promise<Visitor> {
      const answer = await fetch(`${service.url}/signin`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: service.url, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token }),
      });
      return new Visitor(answer.headers.get('set-cookie')?.split(';')[0] ?? '');
    }
    async page(path: string): Promise<string> {
      const answer = await fetch(service.url + path, { headers: { cookie: this.#cookie, accept: 'text/html' } });
      expect(answer.status, path).toBe(200);
      return answer.text();
    }
    /** The link with this text. */
    async follow(path: string, label: string): Promise<string> {
      const links = [...(await this.page(path)).matchAll(/<a [^>]*href="([^"]+)"[^>]*>([^<]*)/g)];
      const found = links.find(([, , text]) => text === label)?.[1];
      if (found === undefined) throw new Error(`${path} has no link "${label}": ${links.map(([, , text]) => text)}`);
      return found.replaceAll('&amp;', '&');
    }
    /** Fills the form of the page, and sends it. @returns where it leads */
    async send(path: string, values: Readonly<Record<string, string>>): Promise<string> {
      const html = await this.page(path);
      const forms = [...html.matchAll(/<form [^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/gs)];
      const [, action = '', inner = ''] =
        forms.find(([, , text = '']) => Object.keys(values).every((name) => text.includes(`name="${name}"`))) ?? [];
      const body = new URLSearchParams();
      for (const [tag] of inner.matchAll(/<input [^>]*>/g)) {
        const name = / name="([^"]+)"/.exec(tag)?.[1];
        if (name !== undefined) body.set(name, / value="([^"]*)"/.exec(tag)?.[1] ?? '');
      }
      for (const [name, value] of Object.entries(values)) body.set(name, value);
      const answer = await fetch(service.url + action, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: this.#cookie, origin: service.url, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
      expect(answer.status, `${action}: ${await answer.clone().text()}`).toBe(303);
      return answer.headers.get('location') ?? '';
    }
  }

  it('by the console: each page leads to the next step, up to production', async () => {
    const note = { path: 'README.md', bytes: Buffer.from('# by the console\n') };
    const { id, digest } = await service.scan(tokens.ALAN ?? '', 'acme/pages', [SAFE, note]);
    const as = (name: string) => Visitor.signIn(tokens[name] ?? '');
    const [alan, grace, ivy, selma] = [await as('ALAN'), await as('GRACE'), await as('IVY'), await as('SELMA')];
    const version = `/console/versions/${id}`;
    const request = async (stage: string) => {
      const path = await alan.follow(version, `Request ${stage}…`);
      const place = await alan.send(path, { comment: 'for release 7' });
      return place.split('?')[0] ?? '';
    };
    const approve = async (visitor: Visitor, place: string) =>
      visitor.send(await visitor.follow(place, 'Approve…'), { comment: 'read' });
    await approve(grace, await request('staging'));
    for (const rule of ['signature.verified', 'data.provenance']) {
      expect(await alan.page(version)).toContain('Production cannot be requested');
      await expect(alan.follow(version, 'Request production…')).rejects.toThrow('has no link');
      const form = await ivy.follow(version, `Waive ${rule}…`);
      await ivy.send(form, { rule, digest, reason: 'trained here', owner: 'ml-platform', expires: EXPIRES });
    }
    const place = await request('production');
    await approve(grace, place);
    await approve(selma, place);
    expect((await versionOf('acme/pages')).stage).toBe('production');
    expect(await standing(digest, 'acme/pages')).toMatchObject({
      action: 'allow',
      approvedFor: ['staging', 'production'],
    });
  });
});

describe('the way of an unsigned model to production, with signatures and a registry in a file', () => {
  it('every command of the guide works, and ends with the version in production', async () => {
    for (const name of ['signer', 'approver']) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(join(folder, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      writeFileSync(join(folder, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    }
    writeFileSync(join(folder, 'train.csv'), 'id,label\n1,0\n2,1\n');
    writeFileSync(
      join(folder, 'trust.yaml'),
      'version: 1\nsigners:\n  - {name: trainer, key: signer.pub, may: [training]}\n',
    );
    writeFileSync(
      join(folder, 'training.yaml'),
      `version: 1\nrun: ranker-7\nmodel: [{path: model/${SAFE.path}}]\ndata: [{path: train.csv}]\n`,
    );
    const { code, said } = await run(atFile, {});
    expect(code, said).toBe(0);
    expect(said.replaceAll(/\s+/g, ' ')).toContain('stands at production');
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
    const passed = report.checks.filter(({ status }: { readonly status: string }) => status === 'pass');
    expect(passed.map(({ id }: { readonly id: string }) => id)).toEqual(
      expect.arrayContaining(['integrity.signature', 'data.provenance']),
    );
  });

  it('without signatures, the error names the commands that the guide gives', async () => {
    copyFileSync(join(folder, 'models.db.d/rules.yaml'), join(folder, 'rules.yaml'));
    const approve = (more: string) =>
      run(
        `assay approve ./model --model acme/other --stage production --registry other.db --rules rules.yaml --key approver.pem ${more}`,
        {},
      );
    const unsigned = await approve('');
    expect(unsigned.code).toBe(1);
    expect(unsigned.said).toContain('assay sign ./model --private-key K --signature model.sig');
    await run(
      'assay scan ./model --public-key signer.pub --signature model.sig --format json -o signed.json || true',
      {},
    );
    const untrained = await approve('--report signed.json');
    expect(untrained.code).toBe(1);
    expect(untrained.said.replaceAll(/\s+/g, ' ')).toContain(
      'assay data --provenance DATA --model ./model --manifest training.yaml',
    );
  });
});
