import { type Command, Option } from 'commander';
import { addTrustOptions } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { VerifyFlags } from './request.ts';

export const VERIFY_FORMATS = ['table', 'json'] as const;

const GUIDE = `
A signature proves who signed which bytes, so name a trusted signer: anybody can sign. Every file is hashed.
A file that the signature does not cover makes it partial, and a partial signature is refused: a loader reads that file, too.

Patterns for --identity and --issuer match the whole text; * matches anything but /, ** matches anything.

Examples:
  assay verify ./model --public-key publisher.pub
  assay verify ./model --certificate-chain ca.pem
  assay verify ./model --identity 'https://github.com/acme/models/.github/workflows/release.yml@refs/tags/*' \\
    --issuer https://token.actions.githubusercontent.com
  assay verify model.onnx --signature model.onnx.sig --public-key publisher.pub
  assay verify hf://owner/model@v1 --trust trust.yaml --format json

Keyless signatures are verified offline, against the bundled root of Sigstore's public-good instance or --trusted-root.
Exit codes: 0 verified, 1 not valid or no trusted signer, 2 could not complete (no signature, unreadable, bad usage).
`;

export function registerVerify(program: Command, shell: Shell): void {
  const command = program
    .command('verify')
    .summary('verify the signature of a model')
    .description('Verifies the signature of a model (OpenSSF Model Signing): the signer, and that no file has changed.')
    .argument('<artifact>', 'a folder, a file, or any reference that scan takes');
  addTrustOptions(command)
    .option('--allow-partial', 'accept a signature that leaves files uncovered', false)
    .addOption(new Option('-f, --format <format>', 'output format').choices(VERIFY_FORMATS).default('table'))
    .option('-o, --output <file>', 'write the report there instead of to stdout')
    .option('-q, --quiet', 'no progress, and no report when it is verified', false)
    .option('-v, --verbose', 'list every file that differs from the signed one', false)
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: VerifyFlags) => {
      const { runVerify } = await import('./run.ts');
      await runVerify(artifact, flags, shell);
    });
}
