import { createPublicKey, type KeyObject } from 'node:crypto';
import { AssayError, isAssayError } from '../core/errors.ts';
import { keyHint, kindOf, readPrivateKey } from '../integrity/keys.ts';
import { keySigner } from '../integrity/sign/key-signer.ts';
import type { PayloadSigner } from '../integrity/sign/payload-signer.ts';
import { terminalText } from '../report/index.ts';
import type { Shell } from './shell.ts';
import { shellText } from './sign-report.ts';
import type { SigningChoice, SigningMethod } from './signing-options.ts';
import { readSmallFile, readSmallText } from './small-file.ts';

/** A way to sign that was prepared, and how to speak of it. */
export interface SigningWay {
  readonly signer: PayloadSigner;
  /** Who signed, once it is done. */
  who(): string;
  /** What `assay verify` must be told to believe it; a line before it when something is to be done first. */
  verifying(): { readonly before?: string; readonly options: string };
  close(): Promise<void>;
}

/**
 * Reads keys, certificates and tokens, so that what is wrong with them is said before anything is hashed.
 * @throws AssayError `usage`, `not-found`, `unreadable`, and for an ambient identity `network`, `unauthorized`.
 */
export async function signingWay(choice: SigningChoice, shell: Shell): Promise<SigningWay> {
  const { method } = choice;
  switch (method.kind) {
    case 'key':
      return keyWay(method.privateKey, await privateKeyOf(method.privateKey, choice, shell));
    case 'certificate':
      return certificateWay(method, await privateKeyOf(method.privateKey, choice, shell));
    case 'keyless': {
      const { keylessWay } = await import('./sign-keyless.ts');
      return keylessWay(choice, shell);
    }
  }
}

function keyWay(path: string, key: KeyObject): SigningWay {
  const signer = keySigner(key, path);
  const publicKey = createPublicKey(key);
  const publicPath = path.replace(/\.(?:pem|key)$/i, '').concat('.pub');
  return {
    signer,
    who: () => `key ${kindOf(publicKey)}, hint ${keyHint(publicKey)}`,
    verifying: () => ({
      before: `openssl pkey -in ${shellText(path)} -pubout -out ${shellText(publicPath)}`,
      options: `--public-key ${shellText(publicPath)}`,
    }),
    close: async () => {},
  };
}

async function certificateWay(
  method: Extract<SigningMethod, { kind: 'certificate' }>,
  privateKey: KeyObject,
): Promise<SigningWay> {
  const { certificateSigner, readCertificates } = await import('../integrity/sign/certificate-signer.ts');
  const { certificate, chain: chainPath } = method;
  const [leaf, ...others] = readCertificates(await readSmallText(certificate, '--certificate'), certificate);
  if (leaf === undefined) throw new AssayError('internal', 'a file of certificates holds none');
  const chain =
    chainPath === undefined ? [] : readCertificates(await readSmallText(chainPath, '--certificate-chain'), chainPath);
  const subjects = { certificate, chain: chainPath ?? certificate };
  const signer = certificateSigner({ privateKey, leaf, chain: [...others, ...chain], subjects });
  return {
    signer,
    who: () => `certificate ${nameOf(leaf.subject)}, issued by ${nameOf(leaf.issuer)}`,
    verifying: () => ({
      options: `--certificate-chain ${chain.some((one) => one.checkIssued(one)) ? shellText(chainPath ?? '') : 'ROOT.pem'}`,
    }),
    close: async () => {},
  };
}

async function privateKeyOf(path: string, choice: SigningChoice, shell: Shell): Promise<KeyObject> {
  const { bytes, mode = 0 } = await readSmallFile(path, '--private-key');
  const key = await unlocked(bytes, path, choice, shell);
  if ((mode & 0o077) !== 0) {
    const warning = 'others on this machine can read this private key; chmod 600 makes it yours alone';
    shell.stderr.write(`assay: warning: ${terminalText(path)}: ${warning}\n`);
  }
  return key;
}

async function unlocked(pem: Buffer, path: string, choice: SigningChoice, shell: Shell): Promise<KeyObject> {
  const passphrase = await passphraseOf(choice, shell);
  try {
    return readPrivateKey(pem.toString('utf8'), path, passphrase);
  } catch (error) {
    throw passphraseError(error, path, passphrase);
  }
}

async function passphraseOf({ passphraseFile: path }: SigningChoice, { env }: Shell): Promise<string | undefined> {
  const given = path === undefined ? env.ASSAY_KEY_PASSPHRASE : await readSmallText(path, '--passphrase-file');
  const passphrase = path === undefined ? given : given?.replace(/\r?\n$/, '');
  return passphrase === '' ? undefined : passphrase;
}

/** What to do about a passphrase that is missing or wrong. */
function passphraseError(error: unknown, subject: string, passphrase: string | undefined): unknown {
  if (!isAssayError(error)) return error;
  if (passphrase === undefined && error.message.includes('is encrypted')) {
    const mend = 'give --passphrase-file, or set ASSAY_KEY_PASSPHRASE';
    return new AssayError('usage', error.message, { subject, mend, cause: error });
  }
  const code = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
  if (!/BAD_DECRYPT|BAD_PASSWORD/.test(code)) return error;
  const mend = 'check --passphrase-file or ASSAY_KEY_PASSPHRASE';
  return new AssayError('usage', 'the passphrase does not open the private key', { subject, mend, cause: error });
}

/** A distinguished name in one line. */
function nameOf(name: string): string {
  return terminalText(name.split('\n').join(', '));
}
