import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTrusts } from '../../../src/pipeline/judging/trust.ts';
import { runCli } from '../../cli/run-cli.ts';
import { bundleOf, bytesOf, signingKey, statement, trustedKey } from '../../integrity/oms/signed.ts';
import { tempFolder } from '../../support/temp.ts';

const root = tempFolder();
const ca = join(root, 'ca.pem');

beforeAll(() => {
  writeFileSync(join(root, 'key.pem'), signingKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(root, 'key.pub'), trustedKey.export({ type: 'spki', format: 'pem' }));
  const args = ['req', '-x509', '-key', join(root, 'key.pem'), '-subj', '/CN=Acme', '-days', '2', '-out', ca];
  expect(spawnSync('openssl', args).status).toBe(0);
});

describe('the trust of the command line', () => {
  it('applies one identity to certificates and to keyless signatures', async () => {
    const identity = 'release@acme.example';
    const flags = { certificateChain: ca, identity, issuer: 'https://accounts.example' };
    expect(await readTrusts(flags, {})).toMatchObject([
      { kind: 'certificate', identity },
      { kind: 'keyless', identity: { identity, issuer: 'https://accounts.example' } },
    ]);
  });

  it('does not accept a signature that covers no file of the model, even with --allow-partial', async () => {
    const folder = join(root, 'model');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'a');
    writeFileSync(join(folder, 'model.sig'), bytesOf(bundleOf(statement({ resources: [] }))));
    const args = ['verify', folder, '--public-key', join(root, 'key.pub'), '--allow-partial'];
    const { code, stdout } = await runCli(args);
    expect(stdout).toContain('the signature covers none of the files');
    expect(code).toBe(1);
  });
});
