import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { type SnapshotDocument, type SnapshotEntry, signSnapshot } from '../../../src/snapshot/index.ts';
import { SERVER_DIGEST, TOOL_DIGEST } from './models.ts';

const HOUR = 3_600_000;
const hex = (digit: string) => digit.repeat(64);

export interface SnapshotRequest {
  readonly version: number;
  readonly entries: readonly SnapshotEntry[];
  /** A week by default; a snapshot from the past has expired. */
  readonly expiresInMs?: number;
}

/** The signer of the snapshots. */
export class SnapshotWriter {
  readonly key: KeyObject;
  readonly publicKey: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.key = privateKey;
    this.publicKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** Writes a signed snapshot atomically. */
  async write(file: string, request: SnapshotRequest): Promise<void> {
    writeFileSync(`${file}.new`, await this.sign(request));
    renameSync(`${file}.new`, file);
  }

  sign({ version, entries, expiresInMs = 7 * 24 * HOUR }: SnapshotRequest): Promise<Buffer> {
    const expires = Date.now() + expiresInMs;
    const document: SnapshotDocument = {
      schemaVersion: '1',
      tenant: 'default',
      version,
      issued: seconds(Math.min(Date.now() - HOUR, expires - HOUR)),
      expires: seconds(expires),
      auditHead: { seq: version, hash: hex('a') },
      trust: `sha256:${hex('b')}`,
      ruleset: { version: '2026.11.1', digest: `sha256:${hex('c')}` },
      entries,
      images: [TOOL_DIGEST, SERVER_DIGEST].map((digest) => ({ digest, notAfter: null })),
    };
    return signSnapshot(document, keySigner(this.key));
  }
}

function seconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
