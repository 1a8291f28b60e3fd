import type { KeyObject } from 'node:crypto';
import { readSmallText } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { readPublicKey } from '../../../integrity/envelope/index.ts';
import { readTrustFile, refusalOf } from '../../../integrity/trust-file/index.ts';
import { RELEASE_KEYS } from './release-keys.ts';

export interface RulesTrust {
  readonly publicKey?: string;
  readonly trust?: string;
}

/**
 * The trusted signers of rules: a named key, else the keys of a trust file that may sign rules, else the built-in keys.
 * @throws AssayError `usage` when that is nobody; `not-found`, `unreadable`
 */
export async function rulesKeys(
  { publicKey, trust }: RulesTrust,
  env: NodeJS.ProcessEnv,
  now: Date,
): Promise<readonly KeyObject[]> {
  if (publicKey !== undefined) return [readPublicKey(await readSmallText(publicKey, '--public-key'), publicKey)];
  const path = trust ?? env.ASSAY_TRUST ?? '';
  const keys =
    path === '' ? RELEASE_KEYS.map((pem) => readPublicKey(pem, 'the release key')) : await trustedKeys(path, now);
  if (keys.length > 0 || path !== '') return keys;
  throw new AssayError('usage', 'no signer of rules is trusted: this version has no release key', {
    subject: 'assay rules update',
    hint: 'give --public-key, or --trust with a signer who can sign rules',
  });
}

async function trustedKeys(path: string, now: Date): Promise<KeyObject[]> {
  const { rules } = await readTrustFile(path);
  const keys = rules.flatMap((rule) => {
    return rule.trust.kind === 'key' && refusalOf(rule, { role: 'rules' }, now) === undefined ? [rule.trust.key] : [];
  });
  if (keys.length > 0) return keys;
  throw new AssayError('usage', 'lets nobody sign rules with a key', {
    subject: path,
    hint: 'let a signer with a key do so: may: [rules]',
  });
}
