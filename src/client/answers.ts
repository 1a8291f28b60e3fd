import * as v from 'valibot';
import { ROLES, STAGES } from '../registry/index.ts';

/** What a service answers with, as far as verbs look at it; more is passed over. */

const Text = v.string();
const MaybeText = v.nullable(v.string());
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What is printed as it is. */
const Id = v.pipe(Text, v.regex(/^[A-Za-z0-9_-]{1,100}$/, 'is not an id'));
const Digest = v.pipe(Text, v.regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest'));
const Hash = v.pipe(Text, v.regex(/^[0-9a-f]{64}$/, 'is not a hash'));
const Time = v.pipe(Text, v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/, 'is not a time'));
const Stage = v.picklist(STAGES);
const Role = v.picklist(ROLES);
const Ruleset = v.object({ version: Text, digest: Text });

export const VersionAnswer = v.object({
  id: Id,
  tenant: Text,
  model: Text,
  number: Count,
  digest: Digest,
  ref: Text,
  pinned: v.array(Text),
  stage: Stage,
  aliases: v.array(Text),
  lineage: v.object({
    baseModels: v.array(v.object({ ref: Text, digest: MaybeText })),
    datasets: v.array(Text),
    code: MaybeText,
    run: MaybeText,
  }),
  createdAt: Time,
  createdBy: Text,
});

export const ModelAnswer = v.object({
  tenant: Text,
  name: Text,
  description: Text,
  createdAt: Time,
  createdBy: Text,
  versions: Count,
  newest: v.nullable(VersionAnswer),
  stages: v.object(
    Object.fromEntries(STAGES.map((stage) => [stage, v.exactOptional(VersionAnswer)])) as Record<
      (typeof STAGES)[number],
      v.ExactOptionalSchema<typeof VersionAnswer, undefined>
    >,
  ),
});

const Waiver = v.object({
  rule: Text,
  digest: Text,
  file: v.exactOptional(Text),
  reason: Text,
  owner: Text,
  expires: Text,
  from: Text,
});

const Decision = v.object({
  action: v.picklist(['allow', 'warn', 'deny']),
  policy: Text,
  policyDigest: Text,
  violations: v.array(v.object({ rule: Text, message: Text, findings: v.array(Text) })),
  rules: v.array(
    v.object({
      id: Text,
      outcome: v.picklist(['pass', 'deny', 'warn', 'audit', 'error', 'unavailable']),
      message: Text,
      findings: v.array(Text),
    }),
  ),
  waivers: v.array(
    v.object({
      waiver: Waiver,
      outcome: v.picklist(['applied', 'expired', 'other-artifact', 'refused', 'unused']),
      findings: v.array(Text),
    }),
  ),
});

export const DecisionsAnswer = v.object({
  items: v.array(
    v.object({
      id: Id,
      version: Text,
      assessment: Text,
      stage: Stage,
      decision: Decision,
      ruleset: Ruleset,
      at: Time,
    }),
  ),
});

export const TransitionAnswer = v.object({
  id: Id,
  version: Text,
  from: Stage,
  to: Stage,
  state: v.picklist(['open', 'approved', 'rejected', 'withdrawn', 'void']),
  requestedBy: Text,
  comment: Text,
  at: Time,
  votes: v.array(
    v.object({
      by: Text,
      role: Role,
      vote: v.picklist(['approve', 'reject']),
      comment: Text,
      at: Time,
      approval: v.nullable(Id),
    }),
  ),
  needed: v.array(v.object({ role: Role, count: Count })),
});

export const ApprovalAnswer = v.object({
  id: Id,
  version: Text,
  stage: Stage,
  digest: Digest,
  policyDigest: Text,
  ruleset: Ruleset,
  role: Role,
  signer: Text,
  method: v.picklist(['key', 'keyless', 'certificate', 'service']),
  attestation: Text,
  reevaluation: MaybeText,
  at: Time,
  until: v.nullable(Time),
  state: v.picklist(['valid', 'carried', 'void', 'revoked']),
  why: Text,
});

export const ApprovalsAnswer = v.object({ items: v.array(ApprovalAnswer) });

/** Of `GET /v1/decisions`. */
export const CurrentDecisions = v.object({
  items: v.array(
    v.object({
      model: Text,
      number: Count,
      digest: Digest,
      pinned: v.array(Text),
      stage: Stage,
      action: v.picklist(['allow', 'warn', 'deny']),
      policy: Text,
      policyDigest: Text,
      approvedFor: v.array(Stage),
      notAfter: v.nullable(Time),
      reason: Text,
    }),
  ),
});

export const AuditEntryAnswer = v.object({
  seq: Count,
  at: Time,
  tenant: Text,
  actor: Text,
  action: Text,
  subject: Text,
  detail: v.record(Text, v.unknown()),
  previous: Hash,
  hash: Hash,
});

export const AuditVerdictAnswer = v.variant('kind', [
  v.object({ kind: v.literal('intact'), entries: Count, head: v.object({ seq: Count, hash: Hash }) }),
  v.object({ kind: v.literal('broken'), seq: Count, why: Text }),
]);

export const JobAnswer = v.object({
  id: Id,
  tenant: Text,
  target: Text,
  model: Text,
  state: v.picklist(['queued', 'running', 'done', 'failed', 'cancelled']),
  createdBy: Text,
  createdAt: Time,
  startedAt: MaybeText,
  endedAt: MaybeText,
  attempts: Count,
  priority: v.number(),
  progress: v.object({ filesDone: Count, files: Count, bytesDone: Count, bytes: Count }),
  version: v.nullable(Id),
  error: v.nullable(v.object({ code: Text, message: Text })),
});

/** Of `GET /v1/policies`; only shipped policies are shown as text. */
export const PoliciesAnswer = v.object({ inUse: v.array(v.object({ stage: Stage, name: Text, source: MaybeText })) });

export const UploadAnswer = v.object({ id: Id });

export const ProblemAnswer = v.object({ code: Text, detail: Text });

export function pageAnswer<T extends v.GenericSchema>(items: T) {
  return v.object({ items: v.array(items), next: MaybeText });
}
