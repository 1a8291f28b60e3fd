import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { type SnapshotDocument, type SnapshotEntry, signSnapshot } from '../../src/snapshot/index.ts';

export const NOW = new Date('2026-11-25T12:00:00Z');
export const writer = generateKeyPairSync('ed25519');
export const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

export const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export function entry(more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return {
    model: 'acme/model',
    number: 1,
    digest: sha256('model'),
    refs: [`hf://acme/model@${COMMIT}`],
    endpoint: null,
    status: 'approved',
    stages: [{ stage: 'production', notAfter: null }],
    remoteCode: false,
    policy: { name: 'baseline', digest: sha256('policy') },
    reason: '',
    report: null,
    ...more,
  };
}

export function denied(more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return entry({ status: 'denied', stages: [], reason: 'it is quarantined', ...more });
}

export function document(more: Partial<SnapshotDocument> = {}): SnapshotDocument {
  return {
    schemaVersion: '1',
    tenant: 'acme',
    version: 7,
    issued: '2026-11-25T11:00:00Z',
    expires: '2026-12-02T11:00:00Z',
    auditHead: { seq: 12, hash: 'ab'.repeat(32) },
    trust: sha256('trust'),
    ruleset: { version: '2026.11.1', digest: sha256('rules') },
    entries: [entry()],
    images: [],
    ...more,
  };
}

export function signed(more: Partial<SnapshotDocument> = {}, key: KeyObject = writer.privateKey): Promise<Buffer> {
  return signSnapshot(document(more), keySigner(key));
}
