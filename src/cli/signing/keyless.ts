import { readSmallFile, readSmallText } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { createEgress } from '../../egress/index.ts';
import {
  ambientIdentity,
  ambientIdentityToken,
  type CertifiedIdentity,
  type IdentityToken,
  keylessSigner,
  PUBLIC_GOOD,
  readIdentityToken,
  readSigningConfig,
  type SigningServices,
  serviceUrl,
  timestampUrl,
} from '../../integrity/sign/keyless/index.ts';
import { terminalText } from '../../report/index.ts';
import type { SigningChoice } from '../options/index.ts';
import type { Shell } from '../terminal/index.ts';
import { shellText } from './shell-text.ts';
import type { SigningWay } from './way.ts';

/** Where identity tokens come from. */
interface TokenSource {
  token(): Promise<IdentityToken>;
  close(): Promise<void>;
}

/** A token that ends sooner than this, in milliseconds, is asked for again before it is used. */
const ENDS_SOON_MS = 60_000;

/**
 * Signing with an identity. Whether there is one is found out before anything is hashed.
 * @throws AssayError `usage`, `not-found`, `unreadable`, `network`, `unauthorized`, `aborted`
 */
export async function keylessWay(choice: SigningChoice, shell: Shell): Promise<SigningWay> {
  const services = await servicesOf(choice);
  const tokens = await tokenSource(choice, shell);
  const egress = createEgress({ env: shell.env, signal: shell.signal });
  const close = async () => {
    await Promise.all([tokens.close(), egress.close()]);
  };
  try {
    let signed: CertifiedIdentity | undefined;
    const signer = keylessSigner({
      services,
      fetch: egress.fetch,
      signal: shell.signal,
      identityToken: tokens.token,
      onSigned: (identity) => {
        signed = identity;
      },
    });
    await tokens.token();
    return {
      signer,
      who: () =>
        signed === undefined ? '' : `${terminalText(signed.identity)}, issued by ${terminalText(signed.issuer)}`,
      verifying: () => ({ options: verifyingOptions(signed, services) }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function servicesOf(choice: SigningChoice): Promise<SigningServices> {
  const { fulcioUrl, rekorUrl, timestampUrl: stampUrl, signingConfig } = choice;
  if (signingConfig !== undefined) {
    const { bytes } = await readSmallFile(signingConfig, '--signing-config');
    return readSigningConfig(bytes, signingConfig);
  }
  return {
    fulcioUrl: fulcioUrl === undefined ? PUBLIC_GOOD.fulcioUrl : serviceUrl(fulcioUrl, '--fulcio-url'),
    logs: rekorUrl === undefined ? PUBLIC_GOOD.logs : [{ url: serviceUrl(rekorUrl, '--rekor-url'), version: 1 }],
    timestampUrls: stampUrl === undefined ? [] : [timestampUrl(stampUrl, '--timestamp-url')],
  };
}

async function tokenSource(choice: SigningChoice, shell: Shell): Promise<TokenSource> {
  const { identityToken, identityTokenFile } = choice;
  const given =
    identityTokenFile === undefined ? identityToken : await readSmallText(identityTokenFile, '--identity-token-file');
  if (given !== undefined) {
    const origin = identityTokenFile === undefined ? '--identity-token' : `--identity-token-file ${identityTokenFile}`;
    return { token: async () => readIdentityToken(given, origin), close: async () => {} };
  }
  const identity = ambientIdentity(shell.env);
  const credentials = identity.kind === 'request' ? [identity.credential] : [];
  const egress = createEgress({ env: shell.env, signal: shell.signal, credentials });
  let last: IdentityToken | undefined;
  return {
    async token() {
      if (last === undefined || last.expires.getTime() - Date.now() < ENDS_SOON_MS) {
        last = await ambientIdentityToken(identity, { fetch: egress.fetch, signal: shell.signal });
      }
      return last;
    },
    close: () => egress.close(),
  };
}

function verifyingOptions(signed: CertifiedIdentity | undefined, { fulcioUrl }: SigningServices): string {
  if (signed === undefined) throw new AssayError('internal', 'nothing was signed');
  const root = fulcioUrl === PUBLIC_GOOD.fulcioUrl ? '' : ' --trusted-root ROOT.json';
  return `--identity ${shellText(signed.identity)} --issuer ${shellText(signed.issuer)}${root}`;
}
