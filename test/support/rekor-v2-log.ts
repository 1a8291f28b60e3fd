import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

interface EntryRequest {
  readonly dsseRequestV002?: {
    readonly envelope: { readonly payload: string; readonly signatures: readonly { readonly sig: string }[] };
    readonly verifiers: readonly unknown[];
  };
  readonly hashedRekordRequestV002?: { readonly digest: string; readonly signature: unknown };
}

/**
 * A Rekor v2 log (https://github.com/sigstore/rekor-tiles) for `dsse` and `hashedrekord` entries, in memory: a Merkle tree
 * (RFC 6962) with an Ed25519 checkpoint, no inclusion promise and no time. `@sigstore/mock` has one whose entries prove nothing.
 */
export class RekorV2Log {
  readonly publicKey: Buffer;
  readonly logId: Buffer;
  readonly #host: string;
  readonly #privateKey: KeyObject;
  /** Leaf hashes; the log has earlier entries, so that proofs contain hashes. */
  readonly #leaves: Buffer[] = Array.from({ length: 5 }, () => leafHash(randomBytes(20)));

  constructor(host: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.publicKey = publicKey.export({ type: 'spki', format: 'der' });
    this.#privateKey = privateKey;
    this.#host = host;
    // https://github.com/C2SP/C2SP/blob/main/signed-note.md#signatures
    this.logId = sha256(Buffer.from(`${host}\n\x01`), this.publicKey.subarray(-32));
  }

  add(request: string) {
    const { kind, spec } = entryOf(JSON.parse(request) as EntryRequest);
    const body = Buffer.from(JSON.stringify({ apiVersion: '0.0.2', kind, spec }));
    const index = this.#leaves.push(leafHash(body)) - 1;
    const rootHash = treeHash(this.#leaves);
    const entry = {
      logIndex: `${index}`,
      logId: { keyId: this.logId.toString('base64') },
      kindVersion: { kind, version: '0.0.2' },
      inclusionProof: {
        logIndex: `${index}`,
        rootHash: rootHash.toString('base64'),
        treeSize: `${this.#leaves.length}`,
        hashes: inclusionPath(index, this.#leaves).map((hash) => hash.toString('base64')),
        checkpoint: { envelope: this.#checkpoint(rootHash) },
      },
      canonicalizedBody: body.toString('base64'),
    };
    return { statusCode: 201, contentType: 'application/json', response: JSON.stringify(entry) };
  }

  #checkpoint(rootHash: Buffer): string {
    const note = `${this.#host}\n${this.#leaves.length}\n${rootHash.toString('base64')}\n`;
    const signature = Buffer.concat([this.logId.subarray(0, 4), sign(null, Buffer.from(note), this.#privateKey)]);
    return `${note}\n\u2014 ${this.#host} ${signature.toString('base64')}\n`;
  }
}

/** The entry that the log stores for a request. */
function entryOf({ dsseRequestV002: dsse, hashedRekordRequestV002: hashed }: EntryRequest) {
  if (hashed !== undefined) {
    const data = { algorithm: 'SHA2_256', digest: hashed.digest };
    return { kind: 'hashedrekord', spec: { hashedRekordV002: { data, signature: hashed.signature } } };
  }
  if (dsse === undefined) throw new Error('a request for no known entry');
  const { envelope, verifiers } = dsse;
  const digest = sha256(Buffer.from(envelope.payload, 'base64')).toString('base64');
  const signatures = envelope.signatures.map(({ sig }) => ({ content: sig, verifier: verifiers[0] }));
  return { kind: 'dsse', spec: { dsseV002: { payloadHash: { algorithm: 'SHA2_256', digest }, signatures } } };
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function leafHash(body: Uint8Array): Buffer {
  return sha256(Buffer.of(0), body);
}

function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const split = splitOf(leaves.length);
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

function inclusionPath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...inclusionPath(index, left), treeHash(right)]
    : [...inclusionPath(index - split, right), treeHash(left)];
}

/** The largest power of two below the count. */
function splitOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}
