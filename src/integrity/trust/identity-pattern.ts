import { AssayError } from '../../core/index.ts';
import type { IdentityPattern } from './trust.ts';

/** Characters of a pattern, and of a name that it is held against: no real name is longer. */
const MAX_LENGTH = 2048;
/** Hosts where anybody can have a name: a pattern must name the organisation. */
const PUBLIC_HOST = /^https?:\/\/(?:github|gitlab)\.com\/\*/i;

/**
 * Whether a name matches a pattern. `*` stands for anything but `/`, `**` for anything, and
 * every other character for itself, case included; the whole name has to match.
 */
export function identityMatches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name && name !== '';
  if (pattern.length > MAX_LENGTH || name.length > MAX_LENGTH) return false;
  // `reached[i]`: the pattern so far matches the first i characters. No step looks back, so no pattern is slow.
  let reached = new Uint8Array(name.length + 1);
  reached[0] = 1;
  for (const token of tokens(pattern)) {
    reached = token === '*' || token === '**' ? afterStar(reached, name, token) : afterLiteral(reached, name, token);
  }
  return reached[name.length] === 1;
}

function tokens(pattern: string): string[] {
  return pattern.match(/\*\*|[\s\S]/g) ?? [];
}

function afterStar(reached: Uint8Array, name: string, star: '*' | '**'): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length);
  let open = false;
  for (let at = 0; at < reached.length; at++) {
    if (star === '*' && at > 0 && name[at - 1] === '/') open = false;
    open ||= reached[at] === 1;
    next[at] = open ? 1 : 0;
  }
  return next;
}

function afterLiteral(reached: Uint8Array, name: string, character: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length);
  for (let at = 1; at < reached.length; at++) {
    if (reached[at - 1] === 1 && name[at - 1] === character) next[at] = 1;
  }
  return next;
}

/**
 * Refuses patterns that match nobody or everybody.
 * @throws AssayError `usage`
 */
export function checkIdentityPattern({ identity, issuer }: IdentityPattern): void {
  checkNamePattern(identity, 'identity');
  checkNamePattern(issuer, 'issuer');
}

/**
 * One half of a pattern, or the name that a private certificate must have.
 * @param subject names the option or the field, for messages
 * @throws AssayError `usage`
 */
export function checkNamePattern(pattern: string, subject: string): void {
  const refuse = (message: string, hint: string) => new AssayError('usage', message, { subject, hint });
  if (pattern.trim() === '') throw refuse('is empty', 'give the exact name, or a pattern with * in it');
  if (pattern.length > MAX_LENGTH) throw refuse(`has more than ${MAX_LENGTH} characters`, 'give a shorter pattern');
  if (/\p{C}/u.test(pattern)) throw refuse('has invisible characters', 'remove them');
  if (!pattern.includes('*')) return;
  if (!/[a-z0-9]/i.test(pattern.replace(/^[a-z]+:\/\//i, ''))) {
    throw refuse(
      `the pattern "${pattern}" matches everybody`,
      'name the part that is yours: https://github.com/acme/**',
    );
  }
  if (PUBLIC_HOST.test(pattern)) {
    throw refuse(`the pattern "${pattern}" matches everybody on a public host`, 'name the organisation: .../acme/**');
  }
}
