import type { KeyObject } from 'node:crypto';
import { verifyBytes } from './keys.ts';
import { SignatureError } from './signature-error.ts';

/** A DSSE envelope (https://github.com/secure-systems-lab/dsse), decoded: exactly one signature. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';

/** DSSE's pre-authentication encoding: the signed bytes. */
export function pae(payloadType: string, payload: Uint8Array): Buffer {
  return Buffer.concat([paeHead(payloadType, payload.length), payload]);
}

/** The prefix of a payload of this length. */
export function paeHead(payloadType: string, length: number): Buffer {
  return Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${length} `);
}

/** @throws SignatureError `signature`, `key` */
export function verifyEnvelope(envelope: Envelope, key: KeyObject): void {
  verifyEncoded(pae(envelope.payloadType, envelope.payload), envelope.signature, key);
}

/**
 * The same for bytes that are encoded already, which avoids a copy of tens of megabytes. @throws SignatureError `signature`,
 * `key`
 */
export function verifyEncoded(encoded: Uint8Array, signature: Uint8Array, key: KeyObject): void {
  if (verifyBytes(key, encoded, signature)) return;
  throw new SignatureError('signature', 'this key did not make the signature over these bytes');
}
