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
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `),
    payload,
  ]);
}

/** @throws SignatureError `signature`, `key` */
export function verifyEnvelope(envelope: Envelope, key: KeyObject): void {
  if (verifyBytes(key, pae(envelope.payloadType, envelope.payload), envelope.signature)) return;
  throw new SignatureError('signature', 'the signature is not that of this key over these bytes');
}
