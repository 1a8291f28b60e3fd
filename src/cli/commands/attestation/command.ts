import { type Command, Option } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import { registerAttestationCreate } from './create.ts';
import { ATTESTATION_FORMATS, type AttestationInspectFlags, type AttestationVerifyFlags, KINDS } from './request.ts';

const GUIDE = `
An attestation is a statement about one artifact, signed: what a scan found, that somebody approves it, that one rule is waived
for it, what was decided. It is an in-toto statement in a Sigstore bundle, so that other programs read it, too.

A trust file says whose word counts for what (paths are relative to it):

  version: 1
  signers:
    - name: scanner
      key: keys/scanner.pub
      may: [scan, decision]          # model-signature, scan, approval, waiver, decision, snapshot
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
In this order: does the signature hold, may its signer say this, is it about that artifact, has it not ended. Without --digest
or --artifact any artifact will do, and without --type and --stage any statement: name what you rely on.

Examples:
  assay attestation verify approval.json --trust trust.yaml --type approval --stage production --digest sha256:...
  assay attestation verify scan.json --trust trust.yaml --artifact ./model

Exit codes: 0 it holds, 1 it does not, 2 could not complete (unreadable, no trust file, bad usage).
`;

const INSPECT_GUIDE = `
Anybody can write anything into an attestation: what is shown here is not verified.

Example:
  assay attestation inspect decision.json
`;

export function registerAttestation(program: Command, shell: Shell): void {
  const attestation = program
    .command('attestation')
    .summary('sign, verify and read statements about a model: scans, approvals, waivers, decisions')
    .description('Signed statements about a model: scan evidence, approvals, waivers, decisions.')
    .helpCommand(false)
    .addHelpText('after', GUIDE);
  registerAttestationCreate(attestation, shell);
  registerVerify(attestation, shell);
  registerInspect(attestation, shell);
}

function registerVerify(attestation: Command, shell: Shell): void {
  attestation
    .command('verify')
    .summary('who says what about what, and whether his word counts')
    .description('Verifies an attestation against a trust file: who says what about what, and whether his word counts.')
    .argument('<file>', 'the attestation')
    .option('--trust <file>', 'who may say what (YAML); else $ASSAY_TRUST')
    .option('--digest <digest>', 'what it has to be about: sha256:... of an artifact, or gitCommit:...')
    .option('--artifact <artifact>', 'the same, hashed now: a path, or any reference that scan takes')
    .addOption(new Option('--type <type>', 'what it has to be').choices(KINDS))
    .option('--stage <stage>', 'the stage that it has to approve')
    .addOption(new Option('-f, --format <format>', 'how to report').choices(ATTESTATION_FORMATS).default('table'))
    .option('-q, --quiet', 'print nothing when it holds', false)
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
    .summary('what an attestation says, unverified')
    .description('Prints what an attestation says, unverified.')
    .argument('<file>', 'a Sigstore bundle or a DSSE envelope')
    .addOption(new Option('-f, --format <format>', 'how to report').choices(ATTESTATION_FORMATS).default('table'))
    .addHelpText('after', INSPECT_GUIDE)
    .action(async (file: string, flags: AttestationInspectFlags) => {
      const { runAttestationInspect } = await import('./inspect.ts');
      await runAttestationInspect(file, flags, shell);
    });
}
