import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pae, verifyEnvelope } from '../../../src/integrity/envelope/dsse.ts';
import { signBytes } from '../../../src/integrity/envelope/keys.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

describe('the pre-authentication encoding (PAE)', () => {
  test('equals the test vectors of the specification', () => {
    // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md, "Test vectors".
    expect(pae('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  test('counts bytes, not characters', () => {
    expect(pae('é', Buffer.from('é')).toString()).toBe('DSSEv1 2 é 2 é');
  });

  test('preserves bytes that are not text', () => {
    const payload = Buffer.from([0, 0xff, 0x0a]);
    expect(pae('t', payload).subarray(-3)).toEqual(payload);
  });
});

describe('an envelope', () => {
  const payload = Buffer.from('{}');
  const envelope = { payloadType: 'a', payload, signature: signBytes(privateKey, pae('a', payload)) };

  test('verifies for its key, type and payload', () => {
    expect(() => verifyEnvelope(envelope, publicKey)).not.toThrow();
  });

  test.each([
    ['type', { payloadType: 'b' }],
    ['payload', { payload: Buffer.from('{} ') }],
    ['signature', { signature: Buffer.alloc(64) }],
    ['signature length', { signature: envelope.signature.subarray(1) }],
  ])('does not verify with a changed %s', (_, change) => {
    expect(() => verifyEnvelope({ ...envelope, ...change }, publicKey)).toThrow(/this key did not make the signature/);
  });

  test('does not verify with another key', () => {
    expect(() => verifyEnvelope(envelope, generateKeyPairSync('ed25519').publicKey)).toThrow(
      /this key did not make the signature/,
    );
  });
});
