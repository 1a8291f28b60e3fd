import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import {
  addEnvironmentOptions,
  addSigningOptions,
  type EnvironmentFlags,
  environmentOf,
  type SigningFlags,
  signingChoice,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { About, AttestationInput, AttestationRequest } from './request.ts';

const TYPES = ['scan', 'approval', 'waiver', 'break-glass', 'baseline', 'decision'] as const;
type AttestationType = (typeof TYPES)[number];

interface CreateFlags extends SigningFlags, EnvironmentFlags {
  readonly policy?: string;
  readonly type: AttestationType;
  readonly report?: string;
  readonly digest?: string;
  readonly url?: string;
  readonly evidence: readonly string[];
  readonly stage?: string;
  readonly until?: string;
  readonly rule?: string;
  readonly file?: string;
  readonly reason?: string;
  readonly owner?: string;
  readonly expires?: string;
  readonly namespace: readonly string[];
  readonly outcome: readonly string[];
  readonly reference?: string;
  readonly templates?: string;
  readonly output?: string;
  readonly quiet: boolean;
}

/** The options of each type besides the subject; those of the first list are required. */
const FIELDS: Readonly<Record<AttestationType, { needs: readonly Field[]; takes: readonly Field[] }>> = {
  scan: { needs: ['report'], takes: ['url'] },
  decision: { needs: ['report'], takes: ['policy', 'stage'] },
  approval: { needs: ['stage'], takes: ['report', 'digest', 'until'] },
  waiver: { needs: ['rule', 'reason', 'owner', 'expires'], takes: ['report', 'digest', 'file'] },
  'break-glass': { needs: ['reason', 'owner', 'expires'], takes: ['reference'] },
  baseline: { needs: ['templates', 'reason', 'owner', 'expires'], takes: [] },
};
const ALL_FIELDS = [
  'report',
  'digest',
  'url',
  'policy',
  'stage',
  'until',
  'rule',
  'file',
  'reference',
  'templates',
  'reason',
  'owner',
  'expires',
] as const;
type Field = (typeof ALL_FIELDS)[number];

/** Options that may be repeated, each with its only type. */
const LISTS = { evidence: 'decision', namespace: 'break-glass', outcome: 'break-glass' } as const;

const GUIDE = `
Types:
  scan       the results of the checks of a scan, from its report: PASSED, WARNED or FAILED
  decision   the decision of the policy, a SLSA verification summary: made again from the files, findings and checks of the same
             report, and refused when the report says another
  approval   the signer approves the artifact for a stage; a denied artifact cannot be approved
  waiver     one rule does not apply to one artifact until a date; a malicious verdict cannot be waived
  break-glass  the admission webhook lets an outcome pass in some namespaces, for at most 72 hours
  baseline   what ran in a cluster when enforcement began goes on, with a warning, for at most 180 days

"assay scan MODEL --format json -o report.json" writes a report. It must cover one artifact, completely.
Times are in UTC: 2027-01-31T00:00:00Z. The passphrase of a key comes from --passphrase-file or ASSAY_KEY_PASSPHRASE.

Examples:
  assay attestation create --type scan --report report.json --private-key scanner.pem -o scan.json
  assay attestation create --type decision --report report.json --evidence scan.json --private-key policy.pem -o decision.json
  assay attestation create --type approval --report report.json --stage production --keyless -o approval.json
  assay attestation create --type waiver --digest sha256:... --rule pickle.global.unlisted --reason "our own tokenizer" \\
    --owner ml-platform --expires 2027-01-31T00:00:00Z --private-key approver.pem -o waiver.json
  assay attestation create --type break-glass --namespace payments --outcome unlisted --reference hf://acme/m@... \\
    --reason "incident 42" --owner sre --expires 2026-12-01T18:00:00Z --private-key approver.pem -o waiver.json
  assay attestation create --type baseline --templates baseline.yaml --reason "enforcement began" --owner platform \\
    --expires 2027-03-31T00:00:00Z --private-key platform.pem -o baseline.json

Exit codes: 0 signed, 2 could not complete.
`;

export function registerAttestationCreate(attestation: Command, shell: Shell): void {
  const command = attestation
    .command('create')
    .summary('sign a statement about a model')
    .description('Signs a statement about a model with a key, a certificate, or keyless.')
    .addOption(new Option('--type <type>', 'the type of the statement').choices(TYPES).makeOptionMandatory())
    .option('--report <file>', 'a report of assay scan (JSON): the subject and the evidence of the statement')
    .option('--digest <digest>', 'the digest of the subject, if no report is given: sha256:...')
    .option('--url <url>', 'of a scan: address of its run')
    .option('--policy <name|file>', 'of a decision: the policy of the report, if it is not a shipped one')
    .option('--evidence <file>', 'of a decision: an attestation that was used (repeatable)', collect, [])
    .option('--until <time>', 'of an approval: when it expires')
    .option('--rule <rule>', 'of a waiver: the rule')
    .option('--file <path>', 'of a waiver: the only file that it covers')
    .option('--namespace <name>', 'of break-glass: a namespace (repeatable)', collect, [])
    .option('--outcome <outcome>', 'of break-glass: an outcome to let pass, such as unlisted (repeatable)', collect, [])
    .option('--reference <ref>', 'of break-glass: the only model (default: objects that name none)')
    .option('--templates <file>', 'of a baseline: what assay admit --audit --baseline wrote')
    .option('--reason <text>', 'of a waiver, of break-glass and of a baseline: the reason')
    .option('--owner <name>', 'of a waiver, of break-glass and of a baseline: the owner')
    .option('--expires <time>', 'of a waiver, of break-glass and of a baseline: when it expires');
  addEnvironmentOptions(command);
  addSigningOptions(command)
    .option('-o, --output <file>', 'write the attestation to this file, atomically, instead of stdout')
    .option('-q, --quiet', 'print only errors', false)
    .addHelpText('after', GUIDE)
    .action(async (flags: CreateFlags) => {
      const request = toRequest(flags);
      const { runAttestationCreate } = await import('./run.ts');
      await runAttestationCreate(request, shell);
    });
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}

/** @throws AssayError `usage` for what the argument parser cannot know. */
function toRequest(flags: CreateFlags): AttestationRequest {
  const input = toInput(flags);
  const signing = signingChoice(flags, 'assay attestation create');
  return { input, signing, quiet: flags.quiet, ...(flags.output === undefined ? {} : { output: flags.output }) };
}

function toInput(flags: CreateFlags): AttestationInput {
  const { type, evidence } = flags;
  const { needs, takes } = FIELDS[type];
  for (const field of ALL_FIELDS) {
    if (flags[field] === undefined || needs.includes(field) || takes.includes(field)) continue;
    throw usage(`--${field}`, `cannot be used with --type ${type}`, 'leave it out');
  }
  for (const list of ['evidence', 'namespace', 'outcome'] as const) {
    if (flags[list].length > 0 && type !== LISTS[list]) {
      throw usage(`--${list}`, `cannot be used with --type ${type}`, 'leave it out');
    }
  }
  const text = (field: Field): string => {
    const value = flags[field];
    if (value !== undefined && value.trim() !== '') return value;
    throw usage(`--type ${type}`, `needs --${field}`, 'assay attestation create --help shows what each type takes');
  };
  switch (type) {
    case 'scan':
      return { type, report: text('report'), ...(flags.url === undefined ? {} : { url: flags.url }) };
    case 'decision':
      return {
        type,
        report: text('report'),
        evidence,
        environment: environmentOf(flags),
        ...(flags.policy === undefined ? {} : { policy: flags.policy }),
      };
    case 'approval':
      return {
        type,
        about: aboutOf(flags),
        stage: text('stage'),
        ...(flags.until === undefined ? {} : { until: flags.until }),
      };
    case 'break-glass': {
      const { namespace: namespaces, outcome: outcomes, reference } = flags;
      for (const list of ['namespace', 'outcome'] as const) {
        if (flags[list].length === 0) throw usage(`--type ${type}`, `needs --${list}`, 'it may be given several times');
      }
      const only = reference === undefined ? {} : { reference };
      const [reason, owner, expires] = [text('reason'), text('owner'), text('expires')];
      return { type, namespaces, outcomes, ...only, reason, owner, expires };
    }
    case 'baseline': {
      const [templates, reason, owner, expires] = [text('templates'), text('reason'), text('owner'), text('expires')];
      return { type, templates, reason, owner, expires };
    }
    case 'waiver': {
      const [rule, reason, owner, expires] = [text('rule'), text('reason'), text('owner'), text('expires')];
      const only = flags.file === undefined ? {} : { file: flags.file };
      return { type, about: aboutOf(flags), rule, ...only, reason, owner, expires };
    }
  }
}

function aboutOf({ report, digest, type }: CreateFlags): About {
  if (report !== undefined && digest === undefined) return { report };
  if (digest !== undefined && report === undefined) return { digest };
  const message = report === undefined ? 'names no subject' : 'cannot have both --report and --digest';
  throw usage(`--type ${type}`, message, 'give one of --report and --digest');
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
