import { pick, type Schema } from '../core/schema/index.ts';
import { policyOf } from '../policy/index.ts';
import {
  ApprovalSchema,
  ApprovalsSchema,
  ApprovedImageSchema,
  type AuditEntry,
  AuditEntrySchema,
  type AuditVerdict,
  AuditVerdictSchema,
  CurrentDecisionsSchema,
  DecisionsSchema,
  type ImageRequest,
  type JobRequest,
  JobSchema,
  ModelSchema,
  type NewFile,
  PolicyListSchema,
  pageSchema,
  type Reason,
  TestRunSchema,
  type TransitionRequest,
  TransitionSchema,
  UploadSchema,
  type Version,
  VersionSchema,
  VersionTestsSchema,
} from '../registry/api/index.ts';
import { breakOf } from '../registry/audit-chain/index.ts';
import type { VersionName } from '../registry/index.ts';
import { all, type ClientVote, type ServiceRegistry } from './client.ts';
import type { ServiceConnection } from './http.ts';

type Query = Readonly<Record<string, string | number | undefined>>;

/** The registry behind a service. */
export function serviceRegistry(service: ServiceConnection): ServiceRegistry {
  const { get, post } = service;
  const page = <T>(path: string, query: Query, items: Schema<T>) =>
    get(`${path}${queryText(query)}`, pageSchema(items));
  const version = (name: VersionName | { readonly id: string }) => get(pathOf(name), VersionSchema);
  const currentDecisions: ServiceRegistry['currentDecisions'] = async (query) =>
    (await get(`/v1/decisions${queryText({ ...query })}`, CurrentDecisionsSchema)).items;
  const auditLog: ServiceRegistry['auditLog'] = (wanted = {}) => page('/v1/audit', { ...wanted }, AuditEntrySchema);
  return {
    kind: 'service',
    name: service.name,
    models: (wanted = {}) => page('/v1/models', { ...wanted }, ModelSchema),
    versions: (model, wanted = {}) => page(`/v1/models/${segment(model)}/versions`, { ...wanted }, VersionSchema),
    version,
    async versionsOf(query) {
      const found: Version[] = [];
      for (const { model, number } of await currentDecisions(query)) found.push(await version({ model, number }));
      return found;
    },
    decisions: async (id) => (await get(`/v1/versions/${segment(id)}/decisions`, DecisionsSchema)).items,
    approvals: async (id) => (await get(`/v1/versions/${segment(id)}/approvals`, ApprovalsSchema)).items,
    currentDecisions,
    transitions: (wanted = {}) => page('/v1/transitions', { ...wanted }, TransitionSchema),
    requestTransition: (id, to, comment) =>
      post(
        `/v1/versions/${segment(id)}/transition-requests`,
        { to, comment } satisfies TransitionRequest,
        TransitionSchema,
      ),
    withdraw: (id) => post(`/v1/transitions/${segment(id)}/withdraw`, undefined, TransitionSchema),
    vote: (id, vote) => post(`/v1/transitions/${segment(id)}/${vote.vote}`, ballotOf(vote), TransitionSchema),
    quarantine: (id, reason) =>
      post(`/v1/versions/${segment(id)}/quarantine`, { reason } satisfies Reason, VersionSchema),
    revoke: (id, reason) => post(`/v1/approvals/${segment(id)}/revoke`, { reason } satisfies Reason, ApprovalSchema),
    versionTests: (id) => get(`/v1/versions/${segment(id)}/tests`, VersionTestsSchema),
    addTestRun: (id, attestation) => post(`/v1/versions/${segment(id)}/tests`, { attestation }, TestRunSchema),
    revokeTestRun: (run, reason) =>
      post(`/v1/test-runs/${segment(run)}/revoke`, { reason } satisfies Reason, TestRunSchema),
    imageApprovals: (wanted = {}) => page('/v1/images', { ...wanted }, ApprovedImageSchema),
    approveImage: (attestation) => post('/v1/images', { attestation } satisfies ImageRequest, ApprovedImageSchema),
    revokeImage: (id, reason) =>
      post(`/v1/images/${segment(id)}/revoke`, { reason } satisfies Reason, ApprovedImageSchema),
    auditLog,
    async verifyAuditLog(since) {
      const verdict = await get('/v1/audit/verify', AuditVerdictSchema);
      return verdict.kind === 'broken' ? verdict : recomputed(auditLog, verdict, since);
    },
    submit: ({ model, ...what }) => post('/v1/jobs', { model, ...what } satisfies JobRequest, JobSchema),
    job: (id) => get(`/v1/jobs/${segment(id)}`, JobSchema),
    beginUpload: async (files) =>
      (await post('/v1/uploads', { files } satisfies { readonly files: readonly NewFile[] }, pick(UploadSchema, 'id')))
        .id,
    sendPiece: (upload, index, offset, piece) =>
      service.send(
        'PATCH',
        `/v1/uploads/${segment(upload)}/files/${index}`,
        { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
        piece,
      ),
    completeUpload: (upload) => service.send('POST', `/v1/uploads/${segment(upload)}/complete`),
    removeUpload: (upload) => service.send('DELETE', `/v1/uploads/${segment(upload)}`),
    async policy(stage) {
      const { inUse } = await get('/v1/policies', PolicyListSchema);
      const own = inUse.find((one) => one.stage === stage);
      return own === undefined || own.source === null ? undefined : policyOf(Buffer.from(own.source), own.name);
    },
    close: () => service.close(),
  };
}

/** The service claims that its log is intact; the client verifies it again. */
async function recomputed(
  auditLog: ServiceRegistry['auditLog'],
  verdict: Extract<AuditVerdict, { kind: 'intact' }>,
  since: Pick<AuditEntry, 'seq' | 'hash'> | undefined,
): Promise<AuditVerdict> {
  let head: Pick<AuditEntry, 'seq' | 'hash'> | null = null;
  for await (const entry of all((page) => auditLog(page))) {
    const why = breakOf(head, entry);
    if (why !== undefined) return { kind: 'broken', seq: (head?.seq ?? 0) + 1, why };
    head = { seq: entry.seq, hash: entry.hash };
    if (entry.seq === since?.seq && entry.hash !== since.hash) {
      return { kind: 'broken', seq: entry.seq, why: `entry ${entry.seq} is not the one of the head that was kept` };
    }
    if (entry.seq === verdict.head.seq && entry.hash !== verdict.head.hash) {
      return { kind: 'broken', seq: entry.seq, why: `entry ${entry.seq} differs from the verified one` };
    }
  }
  const last = head?.seq ?? 0;
  if (since !== undefined && last < since.seq) {
    const why = `the log ends at entry ${last}, and the head that was kept is ${since.seq}`;
    return { kind: 'broken', seq: last + 1, why };
  }
  if (last >= verdict.head.seq) return verdict;
  const why = `the log ends at entry ${last}, and its head is ${verdict.head.seq}`;
  return { kind: 'broken', seq: last + 1, why };
}

const NO_COMMENT = { approve: 'approved on the command line', reject: 'rejected on the command line' } as const;

function ballotOf({ vote, role, comment, attestation, until, seen: { digest: _, ...seen } = {} }: ClientVote) {
  return {
    // A service asks for a word with each vote.
    comment: comment === '' ? NO_COMMENT[vote] : comment,
    ...(role === undefined ? {} : { role }),
    ...(vote === 'reject' || attestation === undefined ? {} : { attestation }),
    ...(vote === 'reject' || until === undefined ? {} : { until: until.toISOString() }),
    // A transition is of one version, whose bytes never change.
    ...(vote === 'reject' ? {} : seen),
  };
}

function pathOf(name: VersionName | { readonly id: string }): string {
  if ('id' in name) return `/v1/versions/${segment(name.id)}`;
  const wanted = 'number' in name ? String(name.number) : 'digest' in name ? name.digest : name.alias;
  return `/v1/models/${segment(name.model)}/versions/${segment(wanted)}`;
}

function segment(text: string): string {
  return encodeURIComponent(text);
}

function queryText(query: Query): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given}`;
}
