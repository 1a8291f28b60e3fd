import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement, type StatementInputs } from '../../../src/integrity/statements/create.ts';
import { readTrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import type { WriteOptions } from '../../../src/registry/snapshot/index.ts';
import { writeSnapshot } from '../../../src/registry/snapshot/index.ts';
import { digestOf } from '../assessments.ts';
import { codeOf } from '../harness.ts';
import { ada, sam, stranger } from '../people.ts';
import { Workshop } from './workshop.ts';

const FACTS = { entrypoint: ['/wait'], cmd: ['-x'], env: ['A=b'], workingDir: '/', volumes: ['/data'] };
const DIGEST = digestOf('image');
const IMAGE = `oci://registry.example/tools/wait@${DIGEST}`;

let folder: string;
let database: string;
let shop: Workshop;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-images-'));
  database = join(folder, 'registry.db');
  shop = await Workshop.open(folder, `sqlite:${database}`);
  appendFileSync(shop.trustPath, '  - {name: rita for images, key: rita.pub, may: [image]}\n');
  shop.trust = await readTrustFile(shop.trustPath);
  await shop.registry.close();
  await shop.reopen(`sqlite:${database}`);
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function attest(key = shop.keys.rita, more: Partial<StatementInputs['image']> = {}): Promise<string> {
  shop.pass();
  const about = { image: IMAGE, as: 'program', facts: FACTS, platforms: ['linux/amd64'], reason: '' } as const;
  const statement = createStatement('image', { ...about, at: shop.now(), ...more });
  return JSON.stringify(await signStatement(statement, keySigner(key.privateKey)));
}

async function written(more: Partial<WriteOptions> = {}) {
  const { document, omitted } = await writeSnapshot(await shop.options(more));
  return { schema: document.schemaVersion, images: document.images, why: omitted.map(({ why }) => why) };
}

describe('approved images', () => {
  it('are in the next snapshot, with what they start, until they are revoked', async () => {
    expect(await written()).toEqual({ schema: '1', images: [], why: [] });
    const approval = await shop.registry.approveImage(ada, await attest(shop.keys.rita, { tag: '1.2' }));
    expect(approval).toMatchObject({
      digest: DIGEST,
      method: 'key',
      createdBy: 'ada (https://login.example)',
      why: '',
    });
    const name = 'oci://registry.example/tools/wait:1.2';
    const image = { digest: DIGEST, notAfter: null, as: 'program', name, facts: FACTS };
    expect(await written()).toEqual({ schema: '3', images: [image], why: [] });
    expect((await shop.registry.imageApprovals(sam)).items).toEqual([approval]);
    expect((await shop.registry.imageApprovals(stranger)).items).toEqual([]);
    await shop.registry.revokeImage(ada, approval.id, 'it holds a model');
    expect(await written()).toEqual({ schema: '1', images: [], why: [] });
    expect(await codeOf(shop.registry.approveImage(ada, approval.attestation))).toBe('conflict');
    expect(await codeOf(shop.registry.revokeImage(ada, approval.id, 'again'))).toBe('ended');
    expect(await codeOf(shop.registry.revokeImage(stranger, approval.id, 'x'))).toBe('not-found');
    const actions = (await shop.registry.auditLog(sam)).items.map(({ action }) => action);
    expect(actions).toEqual(['image.approved', 'image.revoked']);
  });

  it('count as they were approved last, and as the operator of the writer says', async () => {
    const expires = new Date('2027-06-30T00:00:00Z');
    await shop.registry.approveImage(ada, await attest(shop.keys.rita, { as: 'sealed' }));
    await shop.registry.approveImage(ada, await attest(shop.keys.rita, { expires }));
    const about = { digest: DIGEST, notAfter: '2027-06-30T00:00:00Z', as: 'program', name: null, facts: FACTS };
    expect((await written()).images).toEqual([about]);
    const told = await written({ images: [{ digest: DIGEST, notAfter: null, as: 'sealed' }] });
    expect(told.images).toEqual([{ ...about, notAfter: null, as: 'sealed' }]);
    await shop.registry.approveImage(ada, await attest(shop.keys.rita, { as: 'sealed' }));
    const less = await written({ images: [{ digest: DIGEST, notAfter: null }] });
    expect(less.images).toEqual([{ ...about, notAfter: null }]);
  });

  it('are approved by whom the trust file names for it, and by nobody else', async () => {
    for (const key of [shop.keys.selma, shop.keys.service, shop.keys.stranger])
      expect(await codeOf(shop.registry.approveImage(ada, await attest(key)))).toBe('bad-attestation');
    expect(await codeOf(shop.registry.approveImage(ada, '{}'))).toBe('bad-attestation');
    expect(await codeOf(shop.registry.approveImage(ada, 'x'.repeat(2 ** 20 + 1)))).toBe('bad-attestation');
  });
});

describe('an attacker with write access to the database', () => {
  function steal(work: (db: InstanceType<typeof Database>) => void): void {
    const db = new Database(database);
    try {
      db.transaction(() => work(db))();
    } finally {
      db.close();
    }
  }

  const insert = (db: InstanceType<typeof Database>, attestation: string, digest = DIGEST) =>
    db
      .prepare(
        `insert into images (id, tenant, seq, digest, statement, signer, method, attestation, created_by, at, why)
         values (?, 'acme', 999, ?, ?, 'rita', 'key', ?, 'rita', 'now', '')`,
      )
      .run(randomUUID(), digest, randomUUID(), attestation);

  it('cannot approve an image without a signature, or without the log', async () => {
    await shop.registry.approveImage(ada, await attest());
    const forged = await attest(shop.keys.stranger, { as: 'sealed' });
    const unlogged = await attest(shop.keys.rita, { as: 'sealed' });
    steal((db) => {
      insert(db, forged);
      insert(db, unlogged);
      insert(db, unlogged, digestOf('other'));
    });
    const { images, why } = await written();
    expect(images).toMatchObject([{ digest: DIGEST, as: 'program' }]);
    expect(why).toHaveLength(3);
    expect(why.join('\n')).toMatch(/does not list/);
    expect(why.join('\n')).toMatch(/the audit log does not record it/);
    expect(why.join('\n')).toMatch(/the statement is not about/);
  });

  it('cannot bring back what was revoked', async () => {
    const { id } = await shop.registry.approveImage(ada, await attest());
    await shop.registry.revokeImage(ada, id, 'x');
    steal((db) => db.prepare("update images set revoked_at = null, why = ''").run());
    expect((await written()).images).toEqual([]);
  });
});
