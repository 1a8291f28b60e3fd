import { type Command, Option } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import { registerAttestationCreate } from './create.ts';
import { ATTESTATION_FORMATS, type AttestationInspectFlags, type AttestationVerifyFlags, KINDS } from './request.ts';

const GUIDE = `
An attestation is a signed statement about one artifact: the result of a scan, an approval, a waiver of one rule,
or a decision. It is an in-toto statement in a Sigstore bundle, which other programs can read.

A trust file lists who can sign what (paths are relative to the file):

  version: 1
  signers:
    - name: scanner
      key: keys/scanner.pub
      may: [scan, decision]          # model-signature, scan, approval, waiver, conversion, tests, training, decision, snapshot
    - name: release workflow
      keyless:
        identity: https://github.com/acme/models/.github/workflows/release.yml@refs/tags/*
        issuer: https://token.actions.githubusercontent.com
      may: [model-signature]
    - name: security team
      certificate: {chain: ca.pem, identity: "*@acme.example", validity: now}
      may: [approval, waiver]
      stages: [production]
      notAfter: 2027-12-31T00:00:00Z

Examples:
  assay attestation create --type scan --report report.json --private-key scanner.pem -o scan.json
  assay attestation verify scan.json --trust trust.yaml --artifact ./model
  assay attestation inspect scan.json
`;

const VERIFY_GUIDE = `
Checks in this order: the signature, the right of its signer to make this statement, the subject, and the expiry. Without --digest
or --artifact, any artifact is accepted, and without --type and --stage, any statement: give those that you rely on.

Examples:
  assay attestation verify approval.json --trust trust.yaml --type approval --stage production --digest sha256:...
  assay attestation verify scan.json --trust trust.yaml --artifact ./model
  assay attestation verify converted/conversion.intoto.json --trust trust.yaml --artifact converted

The attestation of a training run (assay data --attest) is about the files that it wrote. The attestation of tests (assay test --attest) is about the file of a model, and those of its tensors. The attestation of a conversion (assay convert --private-key ...) is about each file of the folder: one that was changed, removed
or added makes it invalid, but for the attestation itself and model.sig.

Exit codes: 0 valid, 1 not valid, 2 could not complete (unreadable, no trust file, bad usage).
`;

const INSPECT_GUIDE = `
The content is shown unverified: anybody can write any statement into an attestation.

Example:
  assay attestation inspect decision.json
`;

export function registerAttestation(program: Command, shell: Shell): void {
  const attestation = program
    .command('attestation')
    .summary(
      'sign, verify and read statements about a model: scans, approvals, waivers, decisions, conversions, tests, training',
    )
    .description(
      'Signed statements about a model: scan evidence, approvals, waivers, decisions, conversions, tests, checks of data, training runs.',
    )
    .helpCommand(false)
    .addHelpText('after', GUIDE);
  registerAttestationCreate(attestation, shell);
  registerVerify(attestation, shell);
  registerInspect(attestation, shell);
}

function registerVerify(attestation: Command, shell: Shell): void {
  attestation
    .command('verify')
    .summary('check who signed an attestation, and whether a trust file accepts it')
    .description('Verifies the signature, signer, subject and expiry of an attestation against a trust file.')
    .argument('<file>', 'the attestation file')
    .option('--trust <file>', 'trust file (YAML; default: $ASSAY_TRUST)')
    .option('--digest <digest>', 'the expected subject: sha256:... of an artifact, or gitCommit:...')
    .option('--artifact <artifact>', 'the expected subject, hashed now: a path, or any reference that scan takes')
    .addOption(new Option('--type <type>', 'the expected type').choices(KINDS))
    .option('--stage <stage>', 'the expected stage of an approval')
    .addOption(new Option('-f, --format <format>', 'output format').choices(ATTESTATION_FORMATS).default('table'))
    .option('-q, --quiet', 'print nothing when the attestation is valid', false)
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', VERIFY_GUIDE)
    .action(async (file: string, flags: AttestationVerifyFlags) => {
      const { runAttestationVerify } = await import('./run.ts');
      await runAttestationVerify(file, flags, shell);
    });
}

function registerInspect(attestation: Command, shell: Shell): void {
  attestation
    .command('inspect')
    .summary('show the content of an attestation, unverified')
    .description('Prints the content of an attestation, unverified.')
    .argument('<file>', 'a Sigstore bundle or a DSSE envelope')
    .addOption(new Option('-f, --format <format>', 'output format').choices(ATTESTATION_FORMATS).default('table'))
    .addHelpText('after', INSPECT_GUIDE)
    .action(async (file: string, flags: AttestationInspectFlags) => {
      const { runAttestationInspect } = await import('./inspect.ts');
      await runAttestationInspect(file, flags, shell);
    });
}
