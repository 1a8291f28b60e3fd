import Type from 'typebox';
import { ROLES, STAGES } from '../../registry/index.ts';
import {
  countSchema,
  list,
  maybe,
  maybeMoment,
  maybeText,
  moment,
  object,
  oneOf,
  REFERENCE,
  text,
} from '../http/index.ts';

export const StageSchema = oneOf(STAGES, 'Where a version stands');
export const RoleSchema = oneOf(ROLES, 'A role');
const ActionSchema = oneOf(['allow', 'warn', 'deny'] as const, 'What the policy says');

export const RulesetSchema = object({
  version: text('Version of the ruleset'),
  digest: text('Digest of the ruleset'),
});

export const LineageSchema = object(
  {
    baseModels: Type.Immutable(
      Type.Array(
        object({
          ref: text('Reference of the model', REFERENCE),
          digest: maybeText('`sha256:<hex>` of its tree, when it is known'),
        }),
        { maxItems: 100, description: 'Models that it was made from' },
      ),
    ),
    datasets: Type.Immutable(
      Type.Array(text('Reference of a data set', REFERENCE), { maxItems: 100, description: 'Data it was trained on' }),
    ),
    code: maybeText('Reference of the code that made it'),
    run: maybeText('Reference of the training run'),
  },
  'What the version was made from',
);

export const VersionSchema = object(
  {
    id: text('Id of the version'),
    tenant: text('The tenant'),
    model: text('Name of the model'),
    number: Type.Integer({ minimum: 1, description: 'In the order of registration' }),
    digest: text('`sha256:<hex>`: the canonical tree digest, which is the identity of the version'),
    ref: text('The reference that it was registered by'),
    pinned: list(Type.String(), 'Every pinned reference by which these bytes were read'),
    stage: StageSchema,
    aliases: list(Type.String(), 'Its aliases'),
    lineage: LineageSchema,
    createdAt: moment('When it was registered'),
    createdBy: text('Who registered it'),
  },
  'One immutable version of a model',
);

const MODEL = {
  tenant: text('The tenant'),
  name: text('Name of the model'),
  description: text('What it is'),
  createdAt: moment('When it was first registered'),
  createdBy: text('Who registered it'),
};

export const ModelSchema = object(
  {
    ...MODEL,
    versions: countSchema('How many versions it has'),
    newest: maybe(VersionSchema),
    stages: object(
      Object.fromEntries(STAGES.map((stage) => [stage, Type.Optional(VersionSchema)])) as Record<
        (typeof STAGES)[number],
        Type.TOptional<typeof VersionSchema>
      >,
      'The newest version at each stage that has one',
    ),
  },
  'A model',
);

const Fingerprints = list(Type.String(), 'Fingerprints of findings');

const WaiverParts = {
  rule: text('A rule of the policy or of the catalogue'),
  digest: text('`sha256:<hex>`: the artifact that it is for'),
  file: Type.Optional(text('Only findings in this file')),
  reason: text('Why'),
  owner: text('Owner'),
  expires: text('The end: an ISO 8601 date or date-time'),
  from: text('Where it was read from'),
};
export const WaiverSchema = object(WaiverParts);

export const DecisionSchema = object(
  {
    action: ActionSchema,
    policy: text('Name of the policy'),
    policyDigest: text('`sha256:<hex>` of the policy'),
    violations: list(
      object({ rule: text('The rule'), message: text('What broke it'), findings: Fingerprints }),
      'Rules that were broken',
    ),
    rules: list(
      object({
        id: text('The rule'),
        outcome: oneOf(['pass', 'deny', 'warn', 'audit', 'error', 'unavailable'] as const, 'What it said'),
        message: text('Why; empty on `pass`'),
        findings: Fingerprints,
      }),
      'Every rule, in the order of the policy',
    ),
    waivers: list(
      object({
        waiver: WaiverSchema,
        outcome: oneOf(['applied', 'expired', 'other-artifact', 'refused', 'unused'] as const, 'Change'),
        findings: Fingerprints,
      }),
      'Every waiver that was given',
    ),
  },
  'A policy applied to an assessment',
);

export const StoredDecisionSchema = object({
  id: text('Id of the decision'),
  version: text('Id of the version'),
  assessment: text('Id of the assessment that it was made from'),
  stage: StageSchema,
  decision: DecisionSchema,
  ruleset: RulesetSchema,
  at: moment('When it was made'),
});

export const CurrentDecisionSchema = object(
  {
    model: text('Name of the model'),
    number: Type.Integer({ description: 'Number of the version' }),
    digest: text('`sha256:<hex>` of the tree'),
    pinned: list(Type.String(), 'Pinned references of these bytes'),
    stage: StageSchema,
    action: ActionSchema,
    policy: text('Name of the policy'),
    policyDigest: text('Digest of the policy'),
    approvedFor: list(StageSchema, 'Stages that approvals which hold now let it run at'),
    notAfter: maybeMoment('The earliest end of an approval or waiver that this rests on'),
    reason: text('The reason of a denial; empty when allowed'),
  },
  'Whether a version may be used',
);

export const VoteSchema = object({
  by: text('Who voted'),
  role: RoleSchema,
  vote: oneOf(['approve', 'reject'] as const, 'What the vote was'),
  comment: text('Comment'),
  at: moment('When'),
  approval: maybeText('Id of the approval that it made'),
});

export const TRANSITION_STATES = ['open', 'approved', 'rejected', 'withdrawn', 'void'] as const;

export const TransitionSchema = object(
  {
    id: text('Id of the transition'),
    version: text('Id of the version'),
    from: StageSchema,
    to: StageSchema,
    state: oneOf(TRANSITION_STATES, 'The state'),
    requestedBy: text('Who asked'),
    comment: text('Comment'),
    at: moment('When it was asked for'),
    votes: list(VoteSchema, 'The votes, in their order'),
    needed: list(object({ role: RoleSchema, count: countSchema('How many') }), 'Approvals that are still needed'),
  },
  'A request to move a version to another stage',
);

const MethodSchema = oneOf(['key', 'keyless', 'certificate', 'service'] as const, 'The signing method of the approver');

export const ApprovalSchema = object(
  {
    id: text('Id of the approval'),
    version: text('Id of the version'),
    stage: StageSchema,
    digest: text('`sha256:<hex>` that was approved'),
    policyDigest: text('Digest of the policy that the approver saw'),
    ruleset: RulesetSchema,
    role: RoleSchema,
    signer: text('Who approved: the hint of a key, an identity; of `service`, who had the session'),
    method: MethodSchema,
    attestation: text('The Sigstore bundle as JSON text'),
    reevaluation: maybeText('The signed re-evaluation that stands beside it: a Sigstore bundle as JSON text'),
    at: moment('When'),
    until: maybeMoment('Its end'),
    state: oneOf(['valid', 'carried', 'void', 'revoked'] as const, 'Whether it holds'),
    why: text('Why it does not hold; empty when it does'),
  },
  'A signed approval',
);

export const StoredWaiverSchema = object({
  id: text('Id of the waiver'),
  tenant: text('The tenant'),
  waiver: WaiverSchema,
  createdBy: text('Who added it'),
  at: moment('When it was added'),
  revokedAt: maybeMoment('When it was revoked'),
  signer: maybeText('Who signed it: the hint of a key, an identity; of `service`, who had the session'),
  method: maybe(MethodSchema),
  attestation: maybeText('The signed waiver: a Sigstore bundle as JSON text'),
});

export const AuditEntrySchema = object(
  {
    seq: Type.Integer({ minimum: 1, description: 'From 1, without a gap' }),
    at: moment('When'),
    tenant: text('The tenant'),
    actor: text('Who did it'),
    action: text('What was done'),
    subject: text('To what'),
    detail: Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', description: 'Details' }),
    previous: text('Hex SHA-256 of the entry before'),
    hash: text('Hex SHA-256 over the canonical JSON of all other fields'),
  },
  'One entry of the audit log',
);

export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

export const JobProgressSchema = object({
  filesDone: countSchema('Files that were judged'),
  files: countSchema('Files in all, as far as known'),
  bytesDone: countSchema('Bytes that were judged'),
  bytes: countSchema('Bytes in all, as far as known'),
});

export const JobSchema = object(
  {
    id: text('Id of the job'),
    tenant: text('The tenant'),
    target: text('What is scanned: a reference, or `upload:<id>`'),
    model: text('The model that the version will belong to'),
    state: oneOf(JOB_STATES, 'The state'),
    createdBy: text('Who asked'),
    createdAt: moment('When it was asked for'),
    startedAt: maybeMoment('When it began'),
    endedAt: maybeMoment('When it ended'),
    attempts: countSchema('How often it was tried'),
    priority: Type.Integer({ description: 'Higher first' }),
    progress: JobProgressSchema,
    version: maybeText('Id of the version, of a job that is done'),
    error: maybe(object({ code: text('Stable, for programs'), message: text('For people') })),
  },
  'A scan that was asked for',
);

export const BatchSchema = object(
  {
    id: text('Id of the batch'),
    tenant: text('The tenant'),
    state: oneOf(['open', 'ended'] as const, 'Whether its last job has ended'),
    createdBy: text('Who asked'),
    createdAt: moment('When it was asked for'),
    endedAt: maybeMoment('When its last job ended'),
    jobs: object(
      {
        queued: countSchema('Jobs that wait'),
        running: countSchema('Jobs that run'),
        done: countSchema('Jobs that are done'),
        failed: countSchema('Jobs that failed'),
        cancelled: countSchema('Jobs that were cancelled'),
      },
      'How many of its jobs stand how',
    ),
    progress: JobProgressSchema,
  },
  'Scans that were asked for together',
);

export const UploadSchema = object(
  {
    id: text('Id of the upload'),
    tenant: text('The tenant'),
    createdBy: text('Who began it'),
    createdAt: moment('When it was begun'),
    state: oneOf(['open', 'complete'] as const, 'Whether every byte came'),
    files: list(
      object({
        path: text('Path within the artifact'),
        size: countSchema('Bytes that were announced'),
        received: countSchema('Bytes that came'),
        sha256: maybeText('Hex; what the bytes have to be'),
      }),
      'The files, in the order in which they were announced',
    ),
  },
  'Bytes that are being sent',
);
