import { createHash } from 'node:crypto';
import type { Rule } from '../../scanner/index.ts';
import type { DetectedString } from '../../strings/index.ts';

/** Characters of a secret that a report shows. */
const SHOWN = 4;

/**
 * A finding about a secret. It shows the prefix that all secrets of the kind have, a few characters of its own, and a fingerprint by
 * which the owner of the secret knows it again.
 * @param title what it is, with its article: `a token of the Hugging Face Hub`
 * @param prefix characters of `secret` that are the same for all of its kind
 */
export function foundSecret(rule: Rule, title: string, secret: string, prefix: number, end: number): DetectedString {
  const print = createHash('sha256').update(secret).digest('hex').slice(0, 16);
  const shown = `${secret.slice(0, prefix + SHOWN)}…`;
  return {
    rule,
    message: `Holds ${title}: ${shown} (${secret.length} characters).`,
    subject: `${rule.id}:${print}`,
    evidence: `${shown} sha256:${print}`,
    end,
  };
}

/**
 * A finding about a password: of what few characters are, a fingerprint would tell the whole.
 * @param place where it is used, without the password
 */
export function foundPassword(rule: Rule, message: string, place: string, end: number): DetectedString {
  return { rule, message, subject: place, evidence: place, end };
}
