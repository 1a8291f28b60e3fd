import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCertificateFiles } from '../../../admission-webhook/src/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { reviewOf } from '../decide/support.ts';
import { Authority, type Pair, place } from './certificates.ts';
import { ask, reviewed, startWebhook } from './ground.ts';

const BODY = reviewOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'thing' } });

describe('a replaced certificate', () => {
  it('is used for new connections, while open connections continue', async () => {
    const webhook = await startWebhook({ pollMs: 200 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: webhook.authority.cert });
    const before = await ask(`${webhook.url}/validate`, { agent, body: BODY });
    expect(before.server).toBe('gate');
    place(webhook.folder, webhook.authority.server('second'));
    const fresh = () => ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY });
    await expect.poll(async () => (await fresh()).server).toBe('second');
    const after = await ask(`${webhook.url}/validate`, { agent, body: BODY });
    expect({ from: after.from, server: after.server }).toEqual({ from: before.from, server: 'gate' });
    expect(reviewed(after).allowed).toBe(true);
    agent.destroy();
  });

  it('that is invalid does not replace the current one, and the problem is reported', async () => {
    const webhook = await startWebhook({ pollMs: 200 });
    const other = webhook.authority.server('other');
    const metrics = async () => (await fetch(`${webhook.serving.metricsUrl}/metrics`)).text();
    const problem = () => webhook.serving.vitals().certificate.problem;
    const cases: readonly [text: Pair, why: RegExp][] = [
      [{ cert: 'nothing', key: other.key }, /PEM/],
      [{ cert: other.cert, key: webhook.authority.server('third').key }, /another certificate/],
      [{ cert: other.cert, key: '' }, /cannot be used/],
    ];
    for (const [pair, why] of cases) {
      place(webhook.folder, pair);
      await expect.poll(problem).toMatch(why);
      expect((await ask(`${webhook.url}/healthz`, { method: 'GET', ca: webhook.authority.cert })).server).toBe('gate');
    }
    expect(await metrics()).toContain('assay_admission_problem{part="certificate"} 1');
    rmSync(webhook.files.cert);
    await expect.poll(problem).toMatch(/no such file/);
    place(webhook.folder, other);
    await expect.poll(problem).toBeNull();
    expect((await ask(`${webhook.url}/healthz`, { method: 'GET', ca: webhook.authority.cert })).server).toBe('other');
    expect(await metrics()).toContain('assay_admission_problem{part="certificate"} 0');
  });

  it('is detected when Kubernetes swaps the symbolic link of a Secret', async () => {
    const folder = tempFolder();
    const authority = new Authority(folder, 'ca');
    const mount = join(folder, 'mount');
    mkdirSync(mount);
    const put = (version: string, { cert, key }: Pair) => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, 'tls.crt'), cert);
      writeFileSync(join(mount, version, 'tls.key'), key);
      symlinkSync(version, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    put('..2026_1', authority.server('first'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(mount, name));
    const files = { cert: join(mount, 'tls.crt'), key: join(mount, 'tls.key') };
    // The poll interval is long: the file watcher reports the change.
    const source = await openCertificateFiles(files, { pollMs: 600_000 });
    const { fingerprint } = source.pair();
    put('..2026_2', authority.server('second'));
    await expect.poll(() => source.pair().fingerprint).not.toBe(fingerprint);
    await source.close();
  });
});
