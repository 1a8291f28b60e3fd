import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import { IMAGE_ROLES } from '../../../core/image/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { Role } from '../../../registry/index.ts';
import {
  addRegistryOptions,
  addSigningOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
  type SigningFlags,
  signingChoice,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { APPROVABLE_STAGES, type ApproveRequest, type ModelApproveRequest } from './request.ts';

export const VOTERS = ['reviewer', 'security-approver', 'admin'] as const satisfies readonly Role[];

/** Beside a stage, a name; for a container image, how it is approved. */
const AS =
  'of oci:// without --stage: program (the image may run; what it is told must be understood) or sealed (it loads only what it holds); else your name in the audit log (default: the user of this machine)';

interface ApproveFlags extends SigningFlags, RegistryFlags {
  readonly stage?: ModelApproveRequest['stage'];
  readonly role?: Role;
  readonly until?: string;
  readonly comment: string;
  readonly model?: string;
  readonly report?: string;
  readonly allow?: string;
  readonly attestation: readonly string[];
  readonly yes: boolean;
  readonly format: ApproveRequest['format'];
  readonly output?: string;
  readonly quiet: boolean;
  readonly color: boolean;
}

const GUIDE = `
A version of a model is its bytes. Name it by a path, a reference, or model@number. A model that the registry does not know is
scanned first and registered (a service scans it itself; --report takes a scan with other options). The signed statement
covers these bytes, this stage, this policy and this ruleset. When one of them changes, the approval is checked again, and is void
when the new scan denies the model. Where the rules ask a suite of tests of the model (suites:), the statement covers the suite, too:
the approval is void once the suite is changed or removed. A model that the policy of the stage denies cannot be approved.

A stage may need several approvals, of several roles: the last one moves the version. The person who requested a stage (assay promote)
cannot approve it. In a registry file, where nobody requested it, approve makes the request, and approving for production approves for
staging, too: one person with one key is enough. The first key that approves is trusted, and written into FILE.d/trust.yaml;
add every other key there. For a second pair of eyes, require two approvals in FILE.d/rules.yaml, or run a service.

With --as program or --as sealed and no stage, it approves a container image beside the models: it reads the configuration of the image (of every platform) from its
registry, and signs its digest with the entrypoint, arguments, variables, folder and volumes. The next snapshot lists it for webhooks. A signer
needs may: [image] in the trust file. With a tag, the digest that the tag names now is approved, and the webhook writes that digest in
place of the tag (mutation.pin: rewrite).
${REGISTRY_GUIDE}
Examples:
  assay approve ./model --stage production --registry models.db --key approver.pem
  assay approve hf://acme/bert@v1.2 --stage staging --registry models.db --key approver.pem --until 2027-06-30T00:00:00Z
  assay approve ./model --attestation tests.intoto.json --stage production --registry models.db --key approver.pem
  assay approve ./model --report report.json --stage production --registry models.db --key approver.pem
  assay approve oci://registry.example/tools/wait@sha256:... --as program --registry models.db --key approver.pem
  assay approve acme/bert@3 --stage production --comment "see review 17"           at a service, with ASSAY_URL and ASSAY_TOKEN
  assay approve acme/bert@3 --stage production --keyless                           signed with your identity, where a service requires it
${REGISTRY_EXITS}`;

export function registerApprove(program: Command, shell: Shell): void {
  const command = program
    .command('approve')
    .summary('approve a model for a stage, signed')
    .description(
      'Approves a version of a model for a stage with a signed attestation, and moves it once it has all approvals.',
    )
    .argument('<artifact>', 'a path, a reference that scan takes, model@number, or sha256:...; an image with --as')
    .addOption(new Option('--stage <stage>', 'the stage; none for a container image').choices(APPROVABLE_STAGES))
    .addOption(
      new Option('--role <role>', 'the role to approve in (default: one that is still needed)').choices(VOTERS),
    )
    .option('--until <time>', 'when the approval expires (UTC: 2027-01-31T00:00:00Z)')
    .option('--comment <text>', 'a comment for the audit log', '')
    .option('--model <name>', 'the name to register it under, as owner/model (default: that of the repository or file)')
    .option('--report <file>', 'a report of assay scan (JSON), instead of scanning now')
    .option('--allow <file>', "your organisation's own allowances for that scan (YAML)")
    .option(
      '--attestation <file>',
      'tests that assay test --attest has signed, to be kept with the version (repeatable)',
      (path: string, paths: readonly string[]) => [...paths, path],
      [],
    )
    .option('-y, --yes', 'do not ask before approving', false);
  addSigningOptions(addRegistryOptions(command, AS), '--key, --private-key <file>')
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('-o, --output <file>', 'write the report to this file, atomically, instead of stdout')
    .option('-q, --quiet', 'no progress; in a table, only the ids of the approvals', false)
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: ApproveFlags) => {
      const request = toRequest(artifact, flags);
      if (request.kind === 'image') {
        const { runApproveImage } = await import('./image.ts');
        await runApproveImage(request, shell);
        return;
      }
      const { runApprove } = await import('./run.ts');
      await runApprove(request, shell);
    });
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function toRequest(artifact: string, flags: ApproveFlags): ApproveRequest {
  const { stage, as, role, until, comment, model, report, allow, yes, format, output, quiet, offline, color } = flags;
  const { attestation } = flags;
  const signs = [flags.privateKey, flags.pkcs11Module, flags.certificate].some((way) => way !== undefined);
  // A service can sign for the user of the token; with a registry file, only the user can sign.
  const isOptional = flags.registry === undefined && !signs && !flags.keyless;
  const signing = isOptional ? undefined : signingChoice(flags, 'assay approve');
  const registry = registryOf(flags);
  const common = { artifact, signing, until, comment, yes, format, output, quiet, offline, color };
  if (stage !== undefined)
    return { kind: 'model', registry, stage, role, model, report, allow, attestation, ...common };
  const image = IMAGE_ROLES.find((known) => known === as);
  if (image === undefined)
    throw usage(artifact, 'no stage is given', 'give --stage; for a container image, --as program or --as sealed');
  if (!/^oci:/i.test(artifact))
    throw usage(artifact, 'is not a container image', 'write oci://registry/repository@sha256:..., or give --stage');
  const others = { '--role': role, '--model': model, '--report': report, '--allow': allow };
  const given = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  const other = given ?? (attestation.length > 0 ? '--attestation' : undefined);
  if (other !== undefined) throw usage(other, 'is of models', 'leave it out for a container image');
  // What would be a name is how the image is approved.
  const { as: _, ...place } = registry;
  return { kind: 'image', as: image, registry: place, ...common };
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
