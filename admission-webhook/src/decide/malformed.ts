import type { AdmissionAnswer } from '../answer.ts';
import type { WebhookState } from '../state.ts';
import { ceilingOf } from './actions.ts';
import type { MalformedReview, ReviewProblem } from './read-review.ts';
import { plain } from './text.ts';

const WHY: Readonly<Record<ReviewProblem, string>> = {
  'too-large': 'it exceeds the limits of bytes, values or nesting',
  'not-json': 'it is not JSON in UTF-8',
  'not-a-review': 'it is not an AdmissionReview',
  version: 'its version is not admission.k8s.io/v1',
  'no-request': 'it has no request',
  'no-uid': 'its request has no uid',
  operation: 'its operation is unknown',
  kind: 'it names no kind',
  field: 'a field of the request is not valid',
  'no-object': 'it has no object',
  'object-kind': 'the kind of its object differs from the kind of the request',
};

/** The answer to a review that cannot be read: nothing of it is approved, so it is refused wherever refusals count. */
export function answerMalformed(read: MalformedReview, state: WebhookState, now: Date): AdmissionAnswer {
  const { uid, problem, namespace } = read;
  const rule = state.namespaces.ruleOf(namespace);
  const action = ceilingOf(rule.mode);
  const message = `the review cannot be read (${problem}): ${WHY[problem]}`;
  return {
    allowed: action !== 'deny',
    code: action === 'deny' ? 400 : 200,
    message: action === 'deny' ? message : '',
    warnings: action === 'warn' ? [message] : [],
    auditAnnotations: { decision: action, skipped: 'malformed', problem },
    record: {
      time: now.toISOString(),
      uid: plain(uid, 256),
      operation: '',
      kind: '',
      namespace: plain(namespace, 300),
      name: '',
      user: '',
      dryRun: false,
      mode: rule.mode,
      stage: rule.stage,
      action,
      skipped: 'malformed',
      rulings: [],
      snapshotVersion: state.snapshot.kind === 'held' ? state.snapshot.index.meta.version : null,
      durationMs: 0,
    },
  };
}
