import { type Command, Option } from 'commander';
import type { TrustChoice } from '../../pipeline/judging/index.ts';

/** The options with which `verify`, `scan` and `pull` name trusted signers. */
export function addTrustOptions(command: Command): Command {
  return command
    .option('--public-key <file>', 'trust this key (PEM: P-256, P-384, P-521, Ed25519)')
    .option('--certificate-chain <file>', 'trust certificates that lead to the roots in this PEM file')
    .option('--identity <pattern>', 'trust this signer: of a keyless signature, or the name in a certificate')
    .option('--issuer <url>', 'the OIDC issuer that vouches for --identity')
    .option('--trusted-root <file>', "a Sigstore trusted root (JSON); else the public-good instance's, bundled")
    .option('--trust <file>', 'a trust file (YAML; default: $ASSAY_TRUST)')
    .addOption(
      new Option('--validity <when>', 'the time at which a certificate must be valid')
        .choices(['issued', 'now'])
        .default('issued'),
    )
    .option(
      '--signature <file>',
      'the signature (default: model.sig in the artifact, or <file>.sig beside a single file)',
    );
}

/** The flags about trust among others. */
export function trustOf(flags: TrustChoice): TrustChoice {
  const { publicKey, certificateChain, identity, issuer, trustedRoot, trust, signature, validity } = flags;
  const all = { publicKey, certificateChain, identity, issuer, trustedRoot, trust, signature, validity };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
