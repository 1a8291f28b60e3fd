import * as v from 'valibot';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';

/** An OIDC identity token, and its claims. The certificate authority verifies the claims. */
export interface IdentityToken {
  /** Secret: anyone who has it can sign in the name of its owner until it expires. */
  readonly token: string;
  /** The text over which the proof of possession of the key is made: the mail address, else the subject. */
  readonly subject: string;
  readonly expires: Date;
}

export const SIGSTORE_AUDIENCE = 'sigstore';

/** Tokens are of a few kilobytes. */
const BOUNDS = { maxBytes: 64 * 1024, maxDepth: 16, maxTokens: 10_000 };
const HINT = `give an OIDC identity token (a JWT) for the audience "${SIGSTORE_AUDIENCE}"`;

const Claims = v.object({
  aud: v.union([v.string(), v.array(v.string())]),
  /** Seconds; no date is beyond. */
  exp: v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e12)),
  sub: v.optional(v.string()),
  email: v.optional(v.string()),
  email_verified: v.optional(v.unknown()),
});
type Claims = v.InferOutput<typeof Claims>;

/**
 * Reads a token's claims, and checks that it is for Sigstore and has not expired.
 * @param origin where the token came from, for messages
 * @throws AssayError `usage`. No message and no cause holds any of the token's text but its audience and its expiry.
 */
export function readIdentityToken(text: string, origin: string, now = new Date()): IdentityToken {
  const token = text.trim();
  const claims = claimsOf(token, origin);
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audiences.includes(SIGSTORE_AUDIENCE)) {
    throw usage(`the identity token is for the audience "${audiences.join('", "')}"`, origin);
  }
  const expires = new Date(claims.exp * 1000);
  if (expires <= now) {
    const hint = 'get a new token, and sign immediately: such tokens are valid for minutes';
    throw usage(`the identity token expired at ${expires.toISOString()}`, origin, hint);
  }
  return { token, subject: subjectOf(claims, origin), expires };
}

function claimsOf(token: string, origin: string): Claims {
  const parts = token.split('.');
  const [, claims = ''] = parts;
  if (parts.length !== 3 || !/^[\w-]+$/.test(claims)) throw usage('is not an identity token', origin);
  let json: unknown;
  try {
    json = parseBoundedJson(Buffer.from(claims, 'base64url'), origin, BOUNDS);
  } catch {
    // The message of the parser would quote the token.
    throw usage('the claims of the identity token are not JSON', origin);
  }
  const read = v.safeParse(Claims, json);
  if (read.success) return read.output;
  throw usage('the identity token lacks an audience or an expiry', origin);
}

/** As Sigstore's clients have it: people are known by their mail address, workloads by the subject. */
function subjectOf({ sub, email, email_verified: verified }: Claims, origin: string): string {
  if (email !== undefined && email !== '') {
    if (verified === true || verified === 'true') return email;
    throw usage('the mail address of the identity token is not verified', origin, 'verify it with its issuer');
  }
  if (sub !== undefined && sub !== '') return sub;
  throw usage('the identity token does not name a subject', origin);
}

function usage(message: string, subject: string, hint = HINT): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
