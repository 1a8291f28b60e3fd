import { type Command, Option } from 'commander';
import { AssayError } from '../../core/index.ts';

/** Where a private key is: in a file, or in a token that a PKCS #11 module speaks to. */
export type PrivateKeyPlace =
  | { readonly file: string }
  | { readonly module: string; readonly key: string; readonly pinFile?: string };

/** How to sign: there is one for each kind of trust that verifies it. */
export type SigningMethod =
  | { readonly kind: 'key'; readonly privateKey: PrivateKeyPlace }
  | {
      readonly kind: 'certificate';
      readonly privateKey: PrivateKeyPlace;
      readonly certificate: string;
      readonly chain?: string;
    }
  | { readonly kind: 'keyless' };

/** What prepares a signer needs to know, checked. */
export interface SigningChoice {
  readonly method: SigningMethod;
  readonly passphraseFile?: string;
  readonly identityToken?: string;
  readonly identityTokenFile?: string;
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly timestampUrl?: string;
  readonly signingConfig?: string;
}

/** The same as it was said on the command line. */
export interface SigningFlags extends Omit<SigningChoice, 'method'> {
  readonly privateKey?: string;
  readonly pkcs11Module?: string;
  readonly pkcs11Key?: string;
  readonly pkcs11PinFile?: string;
  readonly certificate?: string;
  readonly certificateChain?: string;
  readonly keyless: boolean;
  readonly passphrase?: string | true;
  readonly offline: boolean;
}

const PASSPHRASES = 'put the passphrase into a file and give --passphrase-file, or set ASSAY_KEY_PASSPHRASE';
const KEYLESS_ONLY: Readonly<Record<string, string>> = {
  identityToken: '--identity-token',
  identityTokenFile: '--identity-token-file',
  fulcioUrl: '--fulcio-url',
  rekorUrl: '--rekor-url',
  timestampUrl: '--timestamp-url',
  signingConfig: '--signing-config',
};

/**
 * The options that say how to sign.
 * @param key how the private key is asked for; `--private-key` is always among its names
 */
export function addSigningOptions(command: Command, key = '--private-key <file>'): Command {
  return command
    .option(key, 'the key to sign with (PEM)')
    .option('--pkcs11-module <file>', 'the library of a token that holds the key (needs the package pkcs11js)')
    .option('--pkcs11-key <uri>', 'the key in the token: pkcs11:token=NAME;object=LABEL, or its label')
    .option('--pkcs11-pin-file <file>', 'a file that holds the PIN of the token; else $ASSAY_PKCS11_PIN')
    .option('--certificate <file>', 'the certificate of the key (PEM)')
    .option('--certificate-chain <file>', 'the issuers of the certificate (PEM), to include in the signature')
    .option('--keyless', 'sign with an identity, through Sigstore', false)
    .option('--identity-token <token>', 'the identity token itself; other users of this machine can see it there')
    .option('--identity-token-file <file>', 'a file that holds the identity token')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .addOption(new Option('--passphrase [secret]').hideHelp())
    .option('--fulcio-url <url>', 'the certificate authority; else https://fulcio.sigstore.dev')
    .option('--rekor-url <url>', 'the transparency log; else https://rekor.sigstore.dev')
    .option('--timestamp-url <url>', 'a timestamp authority of Sigstore, in addition')
    .option('--signing-config <file>', 'the services to use, as a Sigstore signing config (JSON, v0.2)')
    .option('--offline', 'never open a connection', false);
}

const SAYING_HOW = [
  'privateKey',
  'pkcs11Module',
  'pkcs11Key',
  'pkcs11PinFile',
  'certificate',
  'certificateChain',
  'passphrase',
  'passphraseFile',
  'identityToken',
  'identityTokenFile',
  'fulcioUrl',
  'rekorUrl',
  'timestampUrl',
  'signingConfig',
] as const satisfies readonly (keyof SigningFlags)[];

/** Whether any option says how to sign, where a signature is a choice. */
export function asksToSign(flags: SigningFlags): boolean {
  return flags.keyless || SAYING_HOW.some((name) => flags[name] !== undefined);
}

/**
 * How to sign, from the options.
 * @param verb names the command, for messages
 * @throws AssayError `usage` for what the argument parser cannot know.
 */
export function signingChoice(flags: SigningFlags, verb: string): SigningChoice {
  if (flags.passphrase !== undefined) {
    throw usage('--passphrase', 'other users of this machine can read the arguments of a process', PASSPHRASES);
  }
  const method = methodOf(flags, verb);
  if (method.kind === 'keyless') checkKeyless(flags);
  else checkLocal(flags);
  const { passphraseFile, identityToken, identityTokenFile, fulcioUrl, rekorUrl, timestampUrl, signingConfig } = flags;
  return {
    method,
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(identityTokenFile === undefined ? {} : { identityTokenFile }),
    ...(fulcioUrl === undefined ? {} : { fulcioUrl }),
    ...(rekorUrl === undefined ? {} : { rekorUrl }),
    ...(timestampUrl === undefined ? {} : { timestampUrl }),
    ...(signingConfig === undefined ? {} : { signingConfig }),
  };
}

function methodOf(flags: SigningFlags, verb: string): SigningMethod {
  const { certificate, certificateChain: chain, keyless } = flags;
  const privateKey = privateKeyOf(flags);
  if (keyless) {
    const keys = { '--private-key': flags.privateKey, '--pkcs11-module': flags.pkcs11Module };
    const others = { ...keys, '--certificate': certificate, '--certificate-chain': chain };
    const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
    if (other === undefined) return { kind: 'keyless' };
    throw usage('--keyless', `cannot be combined with the ${other}`, 'leave out one of them');
  }
  if (privateKey === undefined) {
    const [subject, what] =
      certificate === undefined
        ? [verb, 'no key, certificate or identity is given']
        : ['--certificate', 'cannot sign alone'];
    throw usage(subject, what, `give --private-key${certificate === undefined ? ' or --keyless' : ', too'}`);
  }
  if (certificate === undefined && chain !== undefined) {
    throw usage('--certificate-chain', 'needs --certificate', 'give --certificate, too');
  }
  if (certificate === undefined) return { kind: 'key', privateKey };
  return { kind: 'certificate', privateKey, certificate, ...(chain === undefined ? {} : { chain }) };
}

function privateKeyOf(flags: SigningFlags): PrivateKeyPlace | undefined {
  const { privateKey: file, pkcs11Module: module, pkcs11Key: key, pkcs11PinFile: pinFile } = flags;
  if (module === undefined) {
    const stray = key === undefined ? pinFile && '--pkcs11-pin-file' : '--pkcs11-key';
    if (stray) throw usage(stray, 'needs --pkcs11-module', 'give --pkcs11-module, too');
    return file === undefined ? undefined : { file };
  }
  if (file !== undefined) throw usage('--pkcs11-module', 'and --private-key were both given', 'leave out one of them');
  if (key === undefined) throw usage('--pkcs11-module', 'was given without a key', 'give --pkcs11-key, too');
  if (flags.passphraseFile !== undefined) {
    throw usage('--passphrase-file', 'needs --private-key', 'give --pkcs11-pin-file');
  }
  return { module, key, ...(pinFile === undefined ? {} : { pinFile }) };
}

function checkKeyless(flags: SigningFlags): void {
  if (flags.offline) {
    throw usage(
      '--keyless',
      'needs services that --offline forbids',
      'leave out --offline, or sign with --private-key',
    );
  }
  if (flags.passphraseFile !== undefined) {
    throw usage('--passphrase-file', 'needs --private-key', 'leave it out');
  }
  if (flags.identityToken !== undefined && flags.identityTokenFile !== undefined) {
    throw usage('--identity-token', 'and --identity-token-file were both given', 'leave out one of them');
  }
  const { fulcioUrl, rekorUrl, timestampUrl } = flags;
  if (flags.signingConfig !== undefined && [fulcioUrl, rekorUrl, timestampUrl].some((url) => url !== undefined)) {
    throw usage('--signing-config', 'cannot be combined with an address of a service', 'leave out one of them');
  }
}

function checkLocal(flags: SigningFlags): void {
  for (const [name, option] of Object.entries(KEYLESS_ONLY)) {
    if (name in flags) throw usage(option, 'needs --keyless', 'leave it out, or give --keyless');
  }
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
