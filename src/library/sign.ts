import { writeWhole } from '../core/bytes/index.ts';
import { AssayError, type OnEvent, throwIfAborted } from '../core/index.ts';
import { createEgress } from '../egress/index.ts';
import { readPrivateKey } from '../integrity/envelope/index.ts';
import type { HashAlgorithm } from '../integrity/hash/index.ts';
import {
  certificateSigner,
  keySigner,
  type PayloadSigner,
  readCertificates,
  toSigningKey,
} from '../integrity/sign/index.ts';
import { localPath, prepareSigning, type SigningResult, signPrepared } from '../pipeline/sign/index.ts';
import { openArtifact } from '../sources/index.ts';

/** The signing method: exactly one of these. Keys and certificates are PEM texts. */
export type SignWith =
  | { readonly privateKey: string; readonly passphrase?: string }
  | {
      readonly privateKey: string;
      readonly passphrase?: string;
      readonly certificate: string;
      /** Its issuers, in any order. */
      readonly certificateChain?: string;
    }
  /** Keyless, by Sigstore's public-good instance, which publishes the identity of the signer in a log. */
  | { readonly identityToken: string }
  /** A key outside of the program, such as in a KMS. */
  | { readonly signer: PayloadSigner };

export interface SignOptions {
  /** Where the signature goes; when absent, `model.sig` in the folder, or `<file>.sig` beside a single file. */
  readonly signature?: string;
  /** Files and folders of the model to leave out. */
  readonly ignore?: readonly string[];
  /** `sha256` when absent. */
  readonly hash?: HashAlgorithm;
  /** Follows links to files of the folder. */
  readonly allowSymlinks?: boolean;
  /** Signs `.github`, `.gitattributes` and `.gitignore`, too. */
  readonly coverAll?: boolean;
  /** Where proxies are read from; the process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/**
 * Signs every file of a model on this machine (OpenSSF Model Signing v1.0), and writes the signature, whole or not at all. An
 * earlier signature in the same place is replaced, any other file is not.
 * @throws AssayError `usage` about the key, the options and what lies in the way; `not-found`, `unreadable`, `mismatch`,
 *   `network`, `unauthorized`, `aborted`
 * @example
 * const { place } = await sign('./model', { privateKey: await readFile('key.pem', 'utf8') });
 * console.log(`wrote ${place.signature}`);
 */
export async function sign(path: string, how: SignWith, options: SignOptions = {}): Promise<SigningResult> {
  const { signal, onEvent, signature } = options;
  const artifact = await openArtifact(localPath(path), {
    offline: true,
    everything: true,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const prepared = await prepareSigning(artifact, {
      ...(signature === undefined ? {} : { signature }),
      ignore: options.ignore ?? [],
      hash: options.hash ?? 'sha256',
      allowSymlinks: options.allowSymlinks ?? false,
      coverAll: options.coverAll ?? false,
    });
    const result = await withSigner(how, options, (signer) =>
      signPrepared(prepared, artifact, signer, {
        ...(signal === undefined ? {} : { signal }),
        ...(onEvent === undefined ? {} : { onEvent }),
      }),
    );
    if (signal !== undefined) throwIfAborted(signal);
    await write(result);
    return result;
  } finally {
    await artifact.close();
  }
}

async function write({ place, text }: SigningResult): Promise<void> {
  try {
    await writeWhole(place.signature, text, 0o666);
  } catch (cause) {
    const hint = 'see that its folder is there and can be written to';
    throw new AssayError('unreadable', 'cannot be written', { subject: place.signature, hint, cause });
  }
}

/** Opens the way to sign, and closes it after its use. */
export async function withSigner<T>(
  how: SignWith,
  { env, signal }: Pick<SignOptions, 'env' | 'signal'>,
  use: (signer: PayloadSigner) => Promise<T>,
): Promise<T> {
  if ('signer' in how) return use(how.signer);
  if (!('identityToken' in how)) return use(signerOf(how));
  const { keylessSigner, PUBLIC_GOOD, readIdentityToken } = await import('../integrity/sign/keyless/index.ts');
  const token = readIdentityToken(how.identityToken, 'identityToken');
  const call = signal === undefined ? {} : { signal };
  const egress = createEgress({ env: env ?? process.env, ...call });
  try {
    return await use(
      keylessSigner({ services: PUBLIC_GOOD, fetch: egress.fetch, ...call, identityToken: async () => token }),
    );
  } finally {
    await egress.close();
  }
}

function signerOf(how: Extract<SignWith, { readonly privateKey: string }>): PayloadSigner {
  const key = toSigningKey(readPrivateKey(how.privateKey, 'privateKey', how.passphrase));
  if (!('certificate' in how)) return keySigner(key, 'privateKey');
  const [leaf, ...others] = readCertificates(how.certificate, 'certificate');
  if (leaf === undefined) throw new AssayError('internal', 'a text of certificates holds none');
  const chain = how.certificateChain === undefined ? [] : readCertificates(how.certificateChain, 'certificateChain');
  return certificateSigner({ privateKey: key, leaf, chain: [...others, ...chain] });
}
