import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../../src/core/errors.ts';
import { parsePkcs11Key } from '../../../../src/integrity/sign/pkcs11/key-uri.ts';

function problem(text: string): string {
  try {
    parsePkcs11Key(text, '--pkcs11-key');
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a key URI', () => {
  it.each<[string, object]>([
    ['signing key', { label: 'signing key' }],
    ['pkcs11:object=a', { label: 'a' }],
    ['pkcs11:token=My%20Token;object=a%3Bb%c3%a9;type=private', { token: 'My Token', label: 'a;bé' }],
    ['pkcs11:id=%01%ffA;serial=12', { id: Buffer.from([1, 255, 0x41]), serial: '12' }],
  ])('is parsed: %s', (text, name) => {
    expect(parsePkcs11Key(text, '')).toEqual(name);
  });

  it.each<[string, RegExp]>([
    ['', /does not name a key/],
    ['pkcs11:', /does not name a key/],
    ['pkcs11:token=a', /does not name a key/],
    ['pkcs11:object=a;object=b', /"object=b" is not an attribute/],
    ['pkcs11:object', /"object" is not an attribute/],
    ['pkcs11:object=a;slot-id=1', /the attribute "slot-id" is not supported/],
    ['pkcs11:object=a;type=cert', /does not name a private key/],
    ['pkcs11:object=a?pin-value=1234', /contains a PIN/],
    ['pkcs11:object=a?pin-source=file:x', /contains a PIN/],
    ['pkcs11:object=a?module-name=x', /has a query/],
  ])('is refused: %s', (text, message) => {
    expect(problem(text)).toMatch(message);
  });

  it('gives a usage error for any other text', () => {
    const attribute = fc
      .tuple(fc.constantFrom('token', 'object', 'id', 'type', 'x'), fc.string())
      .map((pair) => pair.join('='));
    const uri = fc.array(attribute).map((parts) => `pkcs11:${parts.join(';')}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), uri), (text) => {
        try {
          expect(parsePkcs11Key(text, '')).toBeTypeOf('object');
        } catch (error) {
          expect(error).toMatchObject({ name: 'AssayError', code: 'usage' });
        }
      }),
    );
  });
});
