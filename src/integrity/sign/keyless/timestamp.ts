import { createHash, randomInt } from 'node:crypto';
import { RFC3161Timestamp } from '@sigstore/core';
import { badAnswer, post, type Service, type ServiceCall } from './service.ts';

/**
 * Has Sigstore's timestamp authority (https://github.com/sigstore/timestamp-authority) prove the time of a signature.
 * @param url of its `/api/v1/timestamp`
 * @returns the timestamp reply of RFC 3161, DER.
 * @throws AssayError `network`, `unauthorized`, `aborted`; `network` when the timestamp is for something else.
 */
export async function requestTimestamp(url: string, signature: Uint8Array, call: ServiceCall): Promise<Buffer> {
  const authority: Service = { name: 'the timestamp authority', url };
  const hash = createHash('sha256').update(signature).digest();
  const request = {
    artifactHash: hash.toString('base64'),
    hashAlgorithm: 'sha256',
    certificates: true,
    nonce: randomInt(2 ** 47),
  };
  const reply = await post(authority, '', request, call, { accept: 'application/timestamp-reply' });
  if (!hashIn(reply, authority).equals(hash))
    throw badAnswer(authority, 'answers with a timestamp of another signature');
  return reply;
}

function hashIn(reply: Buffer, authority: Service): Buffer {
  try {
    return RFC3161Timestamp.parse(Buffer.from(reply)).tstInfo.messageImprintHashedMessage;
  } catch (cause) {
    throw badAnswer(authority, 'answers without a timestamp that can be read', cause);
  }
}
