import { type Command, Option } from 'commander';
import { HASH_ALGORITHMS } from '../../../integrity/hash/index.ts';
import { addSigningOptions, type SigningChoice, type SigningFlags, signingChoice } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { SignRequest } from './request.ts';

interface SignFlags extends SigningFlags, Omit<SignRequest, 'artifact' | 'hash' | keyof SigningChoice> {
  readonly hash: string;
}

const GUIDE = `
Signs with one of
  --private-key                   a key: P-256, P-384, P-521 or Ed25519
  --pkcs11-module --pkcs11-key    a key in a token (PKCS #11), once the npm package pkcs11js is installed beside assay
  --certificate and its key       a certificate of your own authority, with its issuers in --certificate-chain
  --keyless                       your identity, from GitHub Actions, GitLab, CircleCI or an identity token; the key is used
                                  for this one signature only, and the signer is published in a log

Every file is hashed. As in other tools for OpenSSF Model Signing, .git, .gitattributes, .gitignore and .github at the top
are left out; --cover-all leaves out .git alone (others then verify with --no-ignore-git-paths). An earlier signature in the
same place is replaced, any other file is not. Nothing is written unless every file is signed.

The passphrase of a key comes from --passphrase-file or ASSAY_KEY_PASSPHRASE, the PIN of a token from --pkcs11-pin-file or
ASSAY_PKCS11_PIN. Where no identity token is given, it comes from SIGSTORE_ID_TOKEN or from the job: GitHub Actions needs
"permissions: id-token: write".

Examples:
  assay sign ./model --private-key key.pem
  assay sign ./model --certificate leaf.pem --certificate-chain issuers.pem --private-key leaf.key
  assay sign ./model --keyless
  assay sign ./model --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --pkcs11-key 'pkcs11:token=models;object=release'
  assay sign model.onnx --private-key key.pem --signature release/model.onnx.sig
  assay sign ./model --private-key key.pem --ignore README.md --ignore logs

Exit codes: 0 signed, 2 could not complete. Check what you signed: assay verify.
`;

export function registerSign(program: Command, shell: Shell): void {
  const command = program
    .command('sign')
    .summary('sign a model with a key, a certificate, or keyless')
    .description('Signs every file of a model (OpenSSF Model Signing v1.0): with a key, a certificate, or keyless.')
    .argument('<artifact>', 'a folder or a file on this machine');
  addSigningOptions(command)
    .option('--signature <file>', 'the signature file (default: model.sig in the folder, or <file>.sig beside a file)')
    .option('--ignore <path>', 'leave out this file or folder of the model (repeatable)', collect, [])
    .option('--cover-all', 'sign .github, .gitattributes and .gitignore, too', false)
    .option('--allow-symlinks', 'follow symbolic links to files of the folder', false)
    .addOption(
      new Option('--hash <algorithm>', 'the hash algorithm of the files').choices(HASH_ALGORITHMS).default('sha256'),
    )
    .option('-q, --quiet', 'no progress, no report', false)
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: SignFlags) => {
      const request = toRequest(artifact, flags);
      const { runSign } = await import('./run.ts');
      await runSign(request, shell);
    });
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function toRequest(artifact: string, flags: SignFlags): SignRequest {
  const { signature, ignore, hash, allowSymlinks, coverAll, quiet } = flags;
  return {
    ...signingChoice(flags, 'assay sign'),
    artifact,
    ...(signature === undefined ? {} : { signature }),
    ignore,
    hash: HASH_ALGORITHMS.find((known) => known === hash) ?? 'sha256',
    allowSymlinks,
    coverAll,
    quiet,
  };
}
