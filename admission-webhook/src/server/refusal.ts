import type { AdmissionAnswer, DecisionRecord } from '../answer.ts';
import type { AdmissionRequest } from '../request.ts';
import type { Mode, NamespaceRule, WebhookAction } from '../rules.ts';

/** Why a request is not answered as a review. */
export type RefusalReason =
  | 'malformed'
  | 'too-large'
  | 'too-slow'
  | 'busy'
  | 'content-type'
  | 'content-encoding'
  | 'client'
  | 'path'
  | 'failed';

/** The HTTP status that each would have, for `status.code` of the answer; over HTTP all of them are 200. */
const CODES: Readonly<Record<RefusalReason, number>> = {
  malformed: 400,
  'too-large': 413,
  'too-slow': 408,
  busy: 429,
  'content-type': 415,
  'content-encoding': 415,
  client: 401,
  path: 404,
  failed: 500,
};

/**
 * Says no to what cannot be judged. Never by an HTTP error: an API server lets an object pass whose webhook answers with one,
 * where the webhook's failurePolicy is Ignore.
 */
export function refusal(reason: RefusalReason, uid: string, problem: string, now: Date): AdmissionAnswer {
  const record = { ...emptyRecord(uid, now), mode: 'enforce', action: 'deny', skipped: reason } as const;
  return answerOf('deny', CODES[reason], problem, reason, record);
}

/** What was read of a review before a defect of ours was met; `null`: nothing. */
export type FailedAt = { readonly request: AdmissionRequest; readonly rule: NamespaceRule } | null;

const ACTION_OF: Readonly<Record<Mode, WebhookAction>> = {
  enforce: 'deny',
  warn: 'warn',
  audit: 'audit',
  off: 'allow',
};

/** Says no to what we failed at, too; a namespace in which nothing is enforced is not stopped by a defect of ours. */
export function failure(uid: string, at: FailedAt, now: Date): AdmissionAnswer {
  const mode = at?.rule.mode ?? 'enforce';
  const action = ACTION_OF[mode];
  const about = at === null ? {} : recordOf(at.request);
  const record = { ...emptyRecord(uid, now), ...about, mode, action, skipped: 'failed' };
  return answerOf(action, CODES.failed, 'the webhook failed at this review; see its log', 'failed', record);
}

function answerOf(
  action: WebhookAction,
  code: number,
  problem: string,
  skipped: string,
  record: DecisionRecord,
): AdmissionAnswer {
  const message = `assay: ${problem}`;
  const isNo = action === 'deny';
  return {
    allowed: !isNo,
    code: isNo ? code : 200,
    message: isNo ? message : '',
    warnings: action === 'warn' ? [message] : [],
    auditAnnotations: { decision: action, skipped },
    record,
  };
}

/** What a request says of itself, for the record. */
export function recordOf({ uid, operation, group, version, kind, namespace, name, user, dryRun }: AdmissionRequest) {
  const of = group === '' ? version : `${group}/${version}`;
  return { uid, operation, kind: `${of} ${kind}`, namespace, name, user: user.username, dryRun };
}

export function emptyRecord(uid: string, now: Date): DecisionRecord {
  return {
    time: now.toISOString(),
    uid,
    operation: '',
    kind: '',
    namespace: '',
    name: '',
    user: '',
    dryRun: false,
    mode: 'enforce',
    stage: null,
    action: 'allow',
    rulings: [],
    snapshotVersion: null,
    durationMs: 0,
  };
}
