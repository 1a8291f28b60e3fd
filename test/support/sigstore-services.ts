import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RFC3161Timestamp } from '@sigstore/core';
import {
  fulcioHandler,
  type HandlerFn,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
  tsaHandler,
} from '@sigstore/mock';
import { RekorV2Log } from './rekor-v2-log.ts';

export interface SigstoreServices {
  /** Of Fulcio (`/api/v2/signingCert`), Rekor (`/api/v1/log/entries`, `/api/v2/log/entries`) and the TSA (`/api/v1/timestamp`). */
  readonly url: string;
  /** A trusted root (https://github.com/sigstore/protobuf-specs), as JSON, that contains only these services. */
  readonly trustedRoot: TrustedRootJson;
  /** An identity token. Fulcio writes `sub` as the subject alternative name and `iss` as the issuer. */
  token(claims?: Readonly<Record<string, unknown>>): string;
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** The clock of Fulcio. Its certificates are valid for ten minutes. */
  readonly fulcioClock?: Date;
  /** The clock of Rekor v1. */
  readonly rekorClock?: Date;
  /** The clock of the timestamp authority. */
  readonly tsaClock?: Date;
}

interface Validity {
  readonly start: string;
  readonly end?: string;
}

interface LogJson {
  readonly baseUrl: string;
  readonly hashAlgorithm: string;
  readonly publicKey: { readonly rawBytes: string; readonly keyDetails: string; readonly validFor: Validity };
  readonly logId: { readonly keyId: string };
}

interface AuthorityJson {
  readonly subject: { readonly organization: string; readonly commonName: string };
  readonly uri: string;
  readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  readonly validFor: Validity;
}

export interface TrustedRootJson {
  readonly mediaType: string;
  /** Rekor v1, Rekor v2. */
  readonly tlogs: readonly LogJson[];
  readonly certificateAuthorities: readonly AuthorityJson[];
  readonly ctlogs: readonly LogJson[];
  readonly timestampAuthorities: readonly AuthorityJson[];
}

export const TEST_ISSUER = 'https://token.actions.githubusercontent.com';
export const TEST_IDENTITY = 'https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main';

/** Sigstore on 127.0.0.1: real certificates, log entries and timestamps, with keys that exist as long as the services. */
export async function startSigstoreServices(options: ServiceOptions = {}): Promise<SigstoreServices> {
  const handlers = new Map<string, HandlerFn>();
  const server = createServer(async (request, response) => {
    const handle = handlers.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (handle === undefined || request.method !== 'POST') return void response.writeHead(404).end();
    const answer = await handle(await bodyOf(request));
    response.writeHead(answer.statusCode, { 'content-type': answer.contentType ?? 'text/plain' }).end(answer.response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const rekorKey = keyPair();
  const ctlog = await initializeCTLog(keyPair());
  const ca = await initializeCA(keyPair(), ctlog, options.fulcioClock);
  const tlog = await initializeTLog(url, rekorKey, options.rekorClock);
  const tsa = await initializeTSA(keyPair(), options.tsaClock);
  const logV2 = new RekorV2Log(new URL(url).host);
  const fulcio = fulcioHandler(ca);
  const rekor = rekorHandler({
    publicKey: tlog.publicKey,
    log: (entry) => tlog.log(stored(entry)),
    logV2: (entry) => tlog.logV2(entry),
  });
  const stamp = tsaHandler({
    rootCertificate: tsa.rootCertificate,
    intCertificate: tsa.intCertificate,
    timestamp: (request) => readableStamp(() => tsa.timestamp(request)),
  });
  for (const { path, fn } of [fulcio, rekor, stamp]) handlers.set(path, fn);
  handlers.set('/api/v2/log/entries', async (body) => logV2.add(body));

  const validFor = { start: new Date(Date.now() - 60_000).toISOString() };
  const log = (publicKey: Buffer, keyId: Uint8Array, keyDetails = 'PKIX_ECDSA_P256_SHA_256'): LogJson => ({
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: base64(publicKey), keyDetails, validFor },
    logId: { keyId: base64(keyId) },
  });
  const authority = (commonName: string, ...certificates: ArrayBufferView<ArrayBuffer>[]): AuthorityJson => ({
    subject: { organization: 'sigstore.mock', commonName },
    uri: url,
    certChain: { certificates: certificates.map((der) => ({ rawBytes: base64(bytesOf(der)) })) },
    validFor,
  });
  const rekorSpki = spki(rekorKey.publicKey);
  return {
    url,
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log(rekorSpki, sha256(rekorSpki)), log(logV2.publicKey, logV2.logId, 'PKIX_ED25519')],
      certificateAuthorities: [authority('sigstore', ca.rootCertificate)],
      ctlogs: [log(ctlog.publicKey, bytesOf(ctlog.logID))],
      timestampAuthorities: [authority('tsa', tsa.intCertificate, tsa.rootCertificate)],
    },
    token: (claims = {}) => token({ iss: TEST_ISSUER, aud: 'sigstore', sub: TEST_IDENTITY, ...claims }),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/**
 * DER omits the zeros at the end of a fraction of a second, and the parser of @sigstore/core accepts only three digits: such a
 * timestamp, one in ten, is created again. The public authorities write whole seconds.
 */
async function readableStamp<T extends ArrayBufferView>(make: () => Promise<T>): Promise<T> {
  for (;;) {
    const stamp = await make();
    try {
      if (!Number.isNaN(RFC3161Timestamp.parse(Buffer.from(bytesOf(stamp))).signingTime.getTime())) return stamp;
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'invalid time') throw error;
    }
  }
}

/** An unsigned token: these services accept every claim, and clients only parse it. */
function token(claims: Readonly<Record<string, unknown>>): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'none', typ: 'JWT' },
    { iat: now, nbf: now - 5, exp: now + 600, ...claims },
  ];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}

interface DsseProposal {
  readonly kind: 'dsse';
  readonly spec: { readonly proposedContent: { readonly envelope: string; readonly verifiers: readonly string[] } };
}

/** The body that Rekor v1 stores for a proposed entry: a `dsse` one is reduced to its hashes and signatures. */
function stored(proposed: object): object {
  if (!isDsseProposal(proposed)) return proposed;
  const { envelope, verifiers } = proposed.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const hashed = (bytes: string | Buffer) => ({ algorithm: 'sha256', value: sha256(bytes).toString('hex') });
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hashed(envelope),
      payloadHash: hashed(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }) => ({ signature: sig, verifier: verifiers[0] })),
    },
  };
}

function isDsseProposal(proposed: object): proposed is DsseProposal {
  return 'kind' in proposed && proposed.kind === 'dsse';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function sha256(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
