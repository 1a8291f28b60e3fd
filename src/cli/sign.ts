import { type Command, Option } from 'commander';
import { AssayError } from '../core/errors.ts';
import { HASH_ALGORITHMS, type HashAlgorithm } from '../integrity/hash-plan.ts';
import type { Shell } from './shell.ts';

/** How to sign: there is one for each kind of trust that verifies it. */
export type SigningMethod =
  | { readonly kind: 'key'; readonly privateKey: string }
  | { readonly kind: 'certificate'; readonly privateKey: string; readonly certificate: string; readonly chain?: string }
  | { readonly kind: 'keyless' };

/** What was asked on the command line, checked. */
export interface SignRequest {
  readonly artifact: string;
  readonly method: SigningMethod;
  readonly signature?: string;
  readonly passphraseFile?: string;
  readonly identityToken?: string;
  readonly identityTokenFile?: string;
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly timestampUrl?: string;
  readonly signingConfig?: string;
  readonly ignore: readonly string[];
  readonly hash: HashAlgorithm;
  readonly allowSymlinks: boolean;
  readonly coverAll: boolean;
  readonly quiet: boolean;
}

interface SignFlags extends Omit<SignRequest, 'artifact' | 'method' | 'hash'> {
  readonly privateKey?: string;
  readonly certificate?: string;
  readonly certificateChain?: string;
  readonly keyless: boolean;
  readonly passphrase?: string | true;
  readonly hash: string;
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

const GUIDE = `
Signs with one of
  --private-key                   a key: P-256, P-384, P-521 or Ed25519
  --certificate --private-key     a certificate of your own authority, with its issuers in --certificate-chain
  --keyless                       who you are, as GitHub Actions, GitLab, CircleCI or an identity token vouches; the key lives
                                  for this one signature, and who signed is published in a log

Every file is hashed. As other tools for OpenSSF Model Signing have it, .git, .gitattributes, .gitignore and .github at the top
are left out; --cover-all leaves out .git alone (others then verify with --no-ignore-git-paths). An earlier signature in the
same place is replaced, any other file is not. Nothing is written unless everything could be signed.

The passphrase of a key comes from --passphrase-file or ASSAY_KEY_PASSPHRASE. Where no identity token is given, it comes from
SIGSTORE_ID_TOKEN or from the job: GitHub Actions needs "permissions: id-token: write".

Examples:
  assay sign ./model --private-key key.pem
  assay sign ./model --certificate leaf.pem --certificate-chain issuers.pem --private-key leaf.key
  assay sign ./model --keyless
  assay sign model.onnx --private-key key.pem --signature release/model.onnx.sig
  assay sign ./model --private-key key.pem --ignore README.md --ignore logs

Exit codes: 0 signed, 2 could not complete. Check what you signed: assay verify.
`;

export function registerSign(program: Command, shell: Shell): void {
  program
    .command('sign')
    .summary('sign a model with a key, a certificate, or keyless')
    .description('Signs every file of a model (OpenSSF Model Signing v1.0): with a key, a certificate, or keyless.')
    .argument('<artifact>', 'a folder or a file on this machine')
    .option('--private-key <file>', 'the key to sign with (PEM)')
    .option('--certificate <file>', 'the certificate of the key (PEM)')
    .option('--certificate-chain <file>', 'its issuers (PEM), to put into the signature')
    .option('--keyless', 'sign with an identity, through Sigstore', false)
    .option('--identity-token <token>', 'the identity token itself; other users of this machine can see it there')
    .option('--identity-token-file <file>', 'a file that holds the identity token')
    .option('--signature <file>', 'where to write; else model.sig in the folder, or <file>.sig beside a single file')
    .option('--passphrase-file <file>', 'a file that holds the passphrase of the key; else $ASSAY_KEY_PASSPHRASE')
    .addOption(new Option('--passphrase [secret]').hideHelp())
    .option('--ignore <path>', 'leave out this file or folder of the model (repeatable)', collect, [])
    .option('--cover-all', 'sign .github, .gitattributes and .gitignore, too', false)
    .option('--allow-symlinks', 'follow symbolic links to files of the folder', false)
    .addOption(new Option('--hash <algorithm>', 'how to hash the files').choices(HASH_ALGORITHMS).default('sha256'))
    .option('--fulcio-url <url>', 'the certificate authority; else https://fulcio.sigstore.dev')
    .option('--rekor-url <url>', 'the transparency log; else https://rekor.sigstore.dev')
    .option('--timestamp-url <url>', 'a timestamp authority of Sigstore, in addition')
    .option('--signing-config <file>', 'which services to use, as a Sigstore signing config (JSON, v0.2)')
    .option('--offline', 'never open a connection', false)
    .option('-q, --quiet', 'no progress, no report', false)
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: SignFlags) => {
      const request = checkRequest(artifact, flags);
      const { runSign } = await import('./run-sign.ts');
      await runSign(request, shell);
    });
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function checkRequest(artifact: string, flags: SignFlags): SignRequest {
  const { hash, passphrase, offline, privateKey, certificate, certificateChain, keyless, ...rest } = flags;
  if (passphrase !== undefined) {
    throw usage('--passphrase', 'other users of this machine can read arguments', PASSPHRASES);
  }
  const method = methodOf(flags);
  if (method.kind === 'keyless') checkKeyless(flags);
  else checkLocal(flags);
  return { ...rest, artifact, method, hash: HASH_ALGORITHMS.find((known) => known === hash) ?? 'sha256' };
}

function methodOf({ privateKey, certificate, certificateChain: chain, keyless }: SignFlags): SigningMethod {
  if (keyless) {
    const others = { '--private-key': privateKey, '--certificate': certificate, '--certificate-chain': chain };
    const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
    if (other === undefined) return { kind: 'keyless' };
    throw usage('--keyless', `signs without the ${other} that was given`, `leave out one of them`);
  }
  if (privateKey === undefined) {
    const [subject, what] =
      certificate === undefined
        ? ['assay sign', 'nothing was given to sign with']
        : ['--certificate', 'cannot sign alone'];
    throw usage(subject, what, `give --private-key${certificate === undefined ? ' or --keyless' : ', too'}`);
  }
  if (certificate === undefined && chain !== undefined) {
    throw usage(
      '--certificate-chain',
      'holds the issuers of a certificate that was not given',
      'give --certificate, too',
    );
  }
  if (certificate === undefined) return { kind: 'key', privateKey };
  return { kind: 'certificate', privateKey, certificate, ...(chain === undefined ? {} : { chain }) };
}

function checkKeyless(flags: SignFlags): void {
  if (flags.offline) {
    throw usage(
      '--keyless',
      'needs services that --offline forbids',
      'leave out --offline, or sign with --private-key',
    );
  }
  if (flags.passphraseFile !== undefined) {
    throw usage('--passphrase-file', 'is of use with --private-key only', 'leave it out');
  }
  if (flags.identityToken !== undefined && flags.identityTokenFile !== undefined) {
    throw usage('--identity-token', 'and --identity-token-file were both given', 'leave out one of them');
  }
  const { fulcioUrl, rekorUrl, timestampUrl } = flags;
  if (flags.signingConfig !== undefined && [fulcioUrl, rekorUrl, timestampUrl].some((url) => url !== undefined)) {
    throw usage('--signing-config', 'says which services to use, and so does an address', 'leave out one of them');
  }
}

function checkLocal(flags: SignFlags): void {
  for (const [name, option] of Object.entries(KEYLESS_ONLY)) {
    if (name in flags) throw usage(option, 'is of use with --keyless only', 'leave it out, or give --keyless');
  }
}

function usage(subject: string, message: string, mend: string): AssayError {
  return new AssayError('usage', message, { subject, mend });
}
