import type { AdmissionAnswer } from '../answer.ts';
import type { WebhookState } from '../state.ts';
import { ceilingOf } from './actions.ts';
import type { MalformedReview, ReviewProblem } from './read-review.ts';
import { plain } from './text.ts';

const WHY: Readonly<Record<ReviewProblem, string>> = {
  'too-large': 'it has more bytes, more values or deeper nesting than a review has',
  'not-json': 'it is not JSON in UTF-8',
  'not-a-review': 'it is not an AdmissionReview',
  version: 'it is of another version than admission.k8s.io/v1',
  'no-request': 'it has no request',
  'no-uid': 'its request has no uid',
  operation: 'its operation is not known',
  kind: 'it does not say which kind it is about',
  field: 'a field of the request is not what it should be',
  'no-object': 'it has no object',
  'object-kind': 'its object is of another kind than the request says',
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
