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

/** DSSE's pre-authentication encoding: what is signed. */
export function pae(payloadType: string, payload: Uint8Array): Buffer {
  return Buffer.concat([paeHead(payloadType, payload.length), payload]);
}

/** What stands before a payload of so many bytes. */
export function paeHead(payloadType: string, length: number): Buffer {
  return Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${length} `);
}

/** @throws SignatureError `signature`, `key` */
export function verifyEnvelope(envelope: Envelope, key: KeyObject): void {
  verifyEncoded(pae(envelope.payloadType, envelope.payload), envelope.signature, key);
}

/** The same over what is encoded already: tens of megabytes are not copied for it. @throws SignatureError `signature`, `key` */
export function verifyEncoded(encoded: Uint8Array, signature: Uint8Array, key: KeyObject): void {
  if (verifyBytes(key, encoded, signature)) return;
  throw new SignatureError('signature', 'the signature is not that of this key over these bytes');
}
