import type { KeyObject } from 'node:crypto';
import { readSmallFile, readSmallText } from '../../core/bytes/index.ts';
import { AssayError, isAssayError, systemCode } from '../../core/index.ts';
import { readPrivateKey } from '../../integrity/envelope/index.ts';
import { type SigningKey, toSigningKey } from '../../integrity/sign/index.ts';
import { terminalText } from '../../report/index.ts';
import type { PrivateKeyPlace, SigningChoice } from '../options/index.ts';
import type { Shell } from '../terminal/index.ts';

/** A private key that can be used. */
export interface OpenedKey extends SigningKey {
  /** Of the file, or of the module that speaks to the token. */
  readonly name: string;
  readonly kind: 'file' | 'token';
  close(): void;
}

/**
 * The private key that the command line names.
 * @throws AssayError `usage`, `not-found`, `unreadable`
 */
export async function openKey(place: PrivateKeyPlace, choice: SigningChoice, shell: Shell): Promise<OpenedKey> {
  if ('file' in place) {
    const key = toSigningKey(await keyInFile(place.file, choice, shell));
    return { ...key, name: place.file, kind: 'file', close: () => {} };
  }
  const { module, key, pinFile } = place;
  const { parsePkcs11Key } = await import('../../integrity/sign/pkcs11/index.ts');
  const { openTokenKey } = await import('../../integrity/sign/pkcs11/index.ts');
  const name = parsePkcs11Key(key, '--pkcs11-key');
  const pin = await secretOf(pinFile, '--pkcs11-pin-file', shell.env.ASSAY_PKCS11_PIN);
  const opened = await openTokenKey({ module, key: name, ...(pin === undefined ? {} : { pin }) });
  return { ...opened, name: module, kind: 'token' };
}

async function keyInFile(path: string, { passphraseFile }: SigningChoice, shell: Shell): Promise<KeyObject> {
  const { bytes, mode = 0 } = await readSmallFile(path, '--private-key');
  const passphrase = await secretOf(passphraseFile, '--passphrase-file', shell.env.ASSAY_KEY_PASSPHRASE);
  const key = unlocked(bytes.toString('utf8'), path, passphrase);
  if ((mode & 0o077) !== 0) {
    const warning = 'other users of this machine can read this private key; run chmod 600';
    shell.stderr.write(`assay: warning: ${terminalText(path)}: ${warning}\n`);
  }
  return key;
}

/** A passphrase or a PIN: the first line of a file, else what the environment has. */
async function secretOf(path: string | undefined, option: string, given: string | undefined) {
  const secret = path === undefined ? given : (await readSmallText(path, option)).replace(/\r?\n$/, '');
  return secret === '' ? undefined : secret;
}

function unlocked(pem: string, subject: string, passphrase: string | undefined): KeyObject {
  try {
    return readPrivateKey(pem, subject, passphrase);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    if (passphrase === undefined && error.message.includes('is encrypted')) {
      const hint = 'give --passphrase-file, or set ASSAY_KEY_PASSPHRASE';
      throw new AssayError('usage', error.message, { subject, hint, cause: error });
    }
    const code = systemCode(error.cause) ?? '';
    if (!/BAD_DECRYPT|BAD_PASSWORD/.test(code)) throw error;
    const hint = 'check --passphrase-file or ASSAY_KEY_PASSPHRASE';
    throw new AssayError('usage', 'the passphrase does not open the private key', { subject, hint, cause: error });
  }
}
