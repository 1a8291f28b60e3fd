import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { RegistryError } from '../registry-error.ts';

const PREFIX = 'sealed:v1:';
const NONCE = 12;
const TAG = 16;

/** Keeps secrets in a database that others may read: AES-256-GCM, bound to the row that holds them. */
export interface Sealer {
  seal(secret: string, row: string): string;
  /** What was kept before there was a key stays readable. @throws RegistryError `unavailable` for another key */
  open(kept: string, row: string): string;
}

/** @param key of the service, which nobody has who only reads the database: 32 characters or more */
export function sealerOf(key: string): Sealer {
  const own = new Uint8Array(hkdfSync('sha256', key, '', 'assay webhook secrets', 32));
  return {
    seal(secret, row) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', own, nonce).setAAD(Buffer.from(row));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${PREFIX}${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(kept, row) {
      if (!kept.startsWith(PREFIX)) return kept;
      const bytes = Buffer.from(kept.slice(PREFIX.length), 'base64url');
      try {
        const cipher = createDecipheriv('aes-256-gcm', own, bytes.subarray(0, NONCE), { authTagLength: TAG });
        cipher.setAAD(Buffer.from(row)).setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
        return Buffer.concat([cipher.update(bytes.subarray(NONCE + TAG)), cipher.final()]).toString('utf8');
      } catch (cause) {
        throw new RegistryError('unavailable', 'the secret of a webhook was sealed with another key', {
          hint: 'give the service its former session secret, or remove the webhook and make it again',
          cause,
        });
      }
    },
  };
}

/** For who has no key. @throws RegistryError `unavailable` for what is sealed */
export function unsealed(kept: string): string {
  if (!kept.startsWith(PREFIX)) return kept;
  throw new RegistryError('unavailable', 'the secret of a webhook is sealed, and there is no key', {
    hint: 'give the service its session secret',
  });
}
