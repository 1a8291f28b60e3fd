import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../../src/core/errors.ts';
import { readIdentityToken } from '../../../../src/integrity/sign/keyless/identity-token.ts';

const NOW = new Date('2030-01-01T00:00:00Z');
const SOON = NOW.getTime() / 1000 + 300;

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2VjcmV0`;
}

function problem(token: string): string {
  try {
    readIdentityToken(token, 'token.jwt', NOW);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'usage') throw error;
    expect(error.subject).toBe('token.jwt');
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain('c2VjcmV0');
    return error.message;
  }
  throw new Error('was accepted');
}

describe('an identity token', () => {
  it.each<[string, object, string]>([
    ['a workload', { sub: 'repo:acme/models' }, 'repo:acme/models'],
    ['a person', { sub: 'CgNhYmM', email: 'ada@example.org', email_verified: true }, 'ada@example.org'],
    ['a person in another claim format', { email: 'ada@example.org', email_verified: 'true' }, 'ada@example.org'],
    ['several audiences', { sub: 'x', aud: ['other', 'sigstore'] }, 'x'],
  ])('names %s', (_, claims, subject) => {
    const token = jwt({ aud: 'sigstore', exp: SOON, ...claims });
    expect(readIdentityToken(` ${token}\n`, 'token.jwt', NOW)).toEqual({
      token,
      subject,
      expires: new Date('2030-01-01T00:05:00Z'),
    });
  });

  it.each<[string, string, RegExp]>([
    ['an empty text', '', /^is not an identity token$/],
    ['plain text', 'hello there', /^is not an identity token$/],
    ['a token of two parts', 'a.b', /^is not an identity token$/],
    ['a token of four parts', 'a.b.c.d', /^is not an identity token$/],
    ['a token with other characters', 'a.b/+=.c', /^is not an identity token$/],
    ['claims that are not JSON', 'a.aGVsbG8.c', /^the claims of the identity token are not JSON$/],
    ['claims that are a list', jwt([]), /lacks an audience or an expiry/],
    ['no audience', jwt({ exp: SOON, sub: 'x' }), /lacks an audience or an expiry/],
    ['no expiry', jwt({ aud: 'sigstore', sub: 'x' }), /lacks an audience or an expiry/],
    ['an expiry that is not a date', jwt({ aud: 'sigstore', sub: 'x', exp: 1e300 }), /lacks an audience or an expiry/],
    ['another audience', jwt({ aud: ['a', 'b'], exp: SOON, sub: 'x' }), /is for the audience "a", "b"$/],
    ['an expired token', jwt({ aud: 'sigstore', exp: SOON - 300, sub: 'x' }), /expired at 2030-01-01T00:00:00.000Z$/],
    ['a token without a subject', jwt({ aud: 'sigstore', exp: SOON }), /does not name a subject/],
    ['an unverified e-mail address', jwt({ aud: 'sigstore', exp: SOON, sub: 'x', email: 'a@b' }), /is not verified/],
  ])('is refused: %s', (_, token, message) => {
    expect(problem(token)).toMatch(message);
  });

  it('gives a usage error for any text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json().map((json) => `a.${Buffer.from(json).toString('base64url')}.b`),
      fc.object().map((claims) => jwt({ aud: 'sigstore', exp: SOON, ...claims })),
    );
    fc.assert(
      fc.property(text, (token) => {
        try {
          readIdentityToken(token, 'token', NOW);
        } catch (error) {
          expect(error).toMatchObject({ name: 'AssayError', code: 'usage' });
        }
      }),
    );
  });
});
