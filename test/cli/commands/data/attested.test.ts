import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TABLES, writeRows } from '../../../support/data-set.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const folder = tempFolder();
const at = (name: string) => join(folder, name);
const REVIEWS = join(TABLES, 'reviews.parquet');
const COLUMNS = ['--label', 'label', '--text', 'text', '--format', 'json'];
const run = (...args: readonly string[]) => runCli(['data', REVIEWS, ...COLUMNS, ...args], { cwd: folder });
const SIGNED = ['--baseline', 'approved.json', '--baseline-attestation', 'approved.intoto.json'];

function statusOf(stdout: string, id: string): { readonly status: string; readonly detail: string } | undefined {
  return JSON.parse(stdout).checks.find((check: { readonly id: string }) => check.id === id);
}

describe('the attestation of checks of data', () => {
  beforeAll(async () => {
    for (const name of ['ci', 'stranger']) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      writeFileSync(at(`${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      writeFileSync(at(`${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    }
    writeFileSync(at('trust.yaml'), 'version: 1\nsigners: [{name: ci, key: ci.pub, may: [data]}]\n');
    writeFileSync(at('scans.yaml'), 'version: 1\nsigners: [{name: ci, key: ci.pub, may: [scan, training]}]\n');
    const profile = ['--profile-out', 'approved.json'];
    const signed = await run(...profile, '--attest-data', 'approved.intoto.json', '--private-key', 'ci.key');
    expect(signed).toMatchObject({ code: 0, stderr: expect.stringContaining('Signed: the checks of the data, by ') });
    await run('--attest-data', 'foreign.intoto.json', '--private-key', 'stranger.key', '-q');
    writeFileSync(at('changed.json'), readFileSync(at('approved.json'), 'utf8').replace('"rows": 400', '"rows": 401'));
    const twice = Array.from({ length: 40 }, (_, i) => ({ label: i % 2 === 0 ? 'a' : 'b', text: `vi\u200bagra ${i}` }));
    const poisoned = ['data', writeRows(at('poisoned.jsonl'), twice), ...COLUMNS, '--profile-out', 'poisoned.json'];
    const attest = ['--attest-data', 'poisoned.intoto.json', '--private-key', 'ci.key'];
    expect(await runCli([...poisoned, ...attest], { cwd: folder })).toMatchObject({ code: 1 });
  });

  it('names the profile, and lets it be compared with', async () => {
    const digest = `sha256:${createHash('sha256').update(readFileSync(REVIEWS)).digest('hex')}`;
    const verify = ['attestation', 'verify', 'approved.intoto.json', '--trust', 'trust.yaml', '--digest', digest];
    const verified = await runCli(verify, { cwd: folder });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain('checks of training data: pass');
    const compared = await run(...SIGNED, '--trust', 'trust.yaml', '--signed-baseline');
    expect(compared).toMatchObject({ code: 0, stderr: '' });
    expect(statusOf(compared.stdout, 'data.baseline')).toMatchObject({
      status: 'pass',
      detail: expect.stringMatching(/^ci attests the profile approved\.json, of 400 rows, at /),
    });
    expect(statusOf(compared.stdout, 'data.label-drift')).toMatchObject({ status: 'pass' });
  });

  it.each([
    ['an unsigned profile', ['--baseline', 'approved.json', '--signed-baseline'], /is not signed/],
    ['a profile that was changed', ['--baseline', 'changed.json', ...SIGNED.slice(2)], /attests another profile/],
    [
      'a stranger',
      ['--baseline', 'approved.json', '--baseline-attestation', 'foreign.intoto.json'],
      /that the trust file does not list/,
    ],
    [
      'data that failed its own checks',
      ['--baseline', 'poisoned.json', '--baseline-attestation', 'poisoned.intoto.json'],
      /did not pass its own checks, as ci attests/,
    ],
  ])('is asked for: %s is refused, and compared with nothing', async (_, args, message) => {
    const refused = await run(...args, '--trust', 'trust.yaml');
    expect(refused.code).toBe(1);
    expect(statusOf(refused.stdout, 'data.baseline')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(message),
    });
    expect(statusOf(refused.stdout, 'data.label-drift')).toMatchObject({ status: 'not-assessed' });
    expect(JSON.parse(refused.stdout).baseline).toBeNull();
  });

  it('is refused from a signer who may sign something else, and needs a trust file', async () => {
    const other = await run(...SIGNED, '--trust', 'scans.yaml');
    expect(other.code).toBe(1);
    expect(statusOf(other.stdout, 'data.baseline')?.detail).toMatch(/may not sign checks of data/);
    const none = await run(...SIGNED);
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--baseline-attestation: needs a trust file'),
    });
    expect((await run('--signed-baseline')).stderr).toContain('--signed-baseline: needs a baseline');
    expect((await run('--attest-data', 'x.json')).code).toBe(2);
    expect((await run('--private-key', 'ci.key')).stderr).toContain('nothing is signed');
  });
});
