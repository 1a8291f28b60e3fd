import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/assessment.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { openSignature } from '../../../src/pipeline/signature/signature.ts';
import { openPath } from '../../../src/sources/path/path.ts';
import { bundleOf, bytesOf, keyPair, SHARDS, signingKey, statement } from '../../integrity/oms/signed.ts';
import { tempFolder } from '../../support/temp.ts';

const root = tempFolder();
const trusts = (key = signingKey): Trust[] => [{ kind: 'key', key: createPublicKey(key) }];
let folders = 0;

function model(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeFileSync(join(folder, 'tokens.pkl'), Buffer.from('\x80\x02]q\x00.', 'latin1'));
  return folder;
}

async function scan(path: string, by: Trust[]): Promise<Assessment> {
  const artifact = await openPath({ kind: 'path', path }, { everything: true });
  return assess(artifact, { signature: { trusts: by } });
}

const signature = ({ checks }: Assessment) => checks.find(({ id }) => id === 'integrity.signature');

describe('the signature of a scanned model', () => {
  it('sets the hash algorithm only when it verifies for a trusted signer', async () => {
    const folder = model();
    const shards = { ...SHARDS, shard_size: 1 };
    writeFileSync(join(folder, 'model.sig'), bytesOf(bundleOf(statement({ serialization: shards, resources: [] }))));
    writeFileSync(join(folder, 'large.txt'), 'a'.repeat(2_000_000));
    const artifact = await openPath({ kind: 'path', path: folder }, {});
    const stranger = trusts(keyPair('P-256').privateKey);
    expect((await openSignature(artifact, { trusts: stranger }))?.plan).toEqual({ algorithm: 'sha256' });
    expect((await openSignature(artifact, { trusts: [...stranger, ...trusts()] }))?.plan.shardSize).toBe(1);
    const assessment = await scan(folder, stranger);
    expect(signature(assessment)?.status).toBe('fail');
    expect(assessment.files.map(({ verdict }) => verdict)).toEqual(['clean', 'clean', 'clean']);
  });

  it.each([
    ['a link out of the model', (path: string) => symlinkSync('/etc/hosts', path)],
    ['a pipe', (path: string) => void spawnSync('mkfifo', [path])],
    ['a broken link', (path: string) => symlinkSync('nowhere', path)],
  ])('that is %s does not stop the scan of the other files', async (_, make) => {
    const folder = model();
    make(join(folder, 'model.sig'));
    writeFileSync(join(folder, 'evil.pkl'), "cos\nsystem\n(S'id'\ntR.");
    for (const [by, status] of [
      [[], 'not-assessed'],
      [trusts(), 'fail'],
    ] as const) {
      const assessment = await scan(folder, [...by]);
      expect(signature(assessment)?.status).toBe(status);
      expect(assessment.status).toBe('incomplete');
      expect(assessment.files.map(({ path, verdict }) => [path, verdict])).toEqual([
        ['evil.pkl', 'malicious'],
        ['model.sig', 'unknown'],
        ['tokens.pkl', 'clean'],
      ]);
    }
  });
});
