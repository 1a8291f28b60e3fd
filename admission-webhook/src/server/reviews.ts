import type { AdmissionAnswer } from '../answer.ts';
import { answerMalformed, readReview, reviewResponse } from '../decide/index.ts';
import type { Mutation, PatchOperation } from '../patch.ts';
import type { AdmissionRequest } from '../request.ts';
import type { NamespaceRule } from '../rules.ts';
import type { WebhookState } from '../state.ts';
import { HEAD_BYTES, uidIn } from './body.ts';
import type { ReviewPath } from './metrics.ts';
import { emptyRecord, failure, recordOf, refusal } from './refusal.ts';
import type { Answered, Reviewer } from './review-route.ts';

export interface ReviewerOptions {
  /** What is held now. Each review asks once, so that no answer mixes two. */
  state(): WebhookState;
  decide(request: AdmissionRequest, state: WebhookState, now: Date): AdmissionAnswer;
  /** What is to be changed in an object, and what cannot be made sure of. */
  mutate(request: AdmissionRequest, state: WebhookState, now: Date): Mutation;
  /** A defect of ours. */
  onFailure(error: unknown): void;
}

/** Answers reviews from what is held. Never throws: what fails here is refused, as whatever is not approved. */
export function openReviewer(options: ReviewerOptions): Reviewer {
  return {
    answer(path, body) {
      const moment = { started: performance.now(), now: new Date() };
      try {
        return answerBody(path, body, options, moment);
      } catch (error) {
        options.onFailure(error);
        const uid = headUid(body);
        return answered(failure(uid, null, moment.now), uid, moment);
      }
    },
    refuse(reason, uid, problem) {
      const moment = { started: performance.now(), now: new Date() };
      return answered(refusal(reason, uid, problem, moment.now), uid, moment);
    },
  };
}

interface Moment {
  /** Of `performance.now()`. */
  readonly started: number;
  readonly now: Date;
}

function answerBody(path: ReviewPath, body: Uint8Array, options: ReviewerOptions, moment: Moment): Answered {
  const state = options.state();
  const { now } = moment;
  const read = readReview(body);
  if (read.kind === 'malformed') {
    const uid = read.uid === '' ? headUid(body) : read.uid;
    return answered(answerMalformed({ ...read, uid }, state, now), uid, moment);
  }
  const { request } = read;
  const rule = state.namespaces.ruleOf(request.namespace);
  try {
    if (path === 'validate') return answered(options.decide(request, state, now), request.uid, moment);
    const { patch, warnings } = options.mutate(request, state, now);
    return answered(mutationAnswer(request, rule, { patch, warnings }, now), request.uid, moment, patch);
  } catch (error) {
    options.onFailure(error);
    return answered(failure(request.uid, { request, rule }, now), request.uid, moment);
  }
}

/** Whether the object may be there at all is asked of `/validate`, once everybody has changed it. */
function mutationAnswer(
  request: AdmissionRequest,
  { mode, stage }: NamespaceRule,
  { patch, warnings }: Mutation,
  now: Date,
): AdmissionAnswer {
  const about = { ...emptyRecord(request.uid, now), ...recordOf(request), mode, stage };
  return {
    allowed: true,
    code: 200,
    message: '',
    warnings,
    auditAnnotations: patch.length === 0 ? {} : { patched: String(patch.length) },
    record: { ...about, action: warnings.length === 0 ? 'allow' : 'warn', skipped: 'mutation' },
  };
}

function answered(
  answer: AdmissionAnswer,
  uid: string,
  { started }: Moment,
  patch: readonly PatchOperation[] = [],
): Answered {
  const text = JSON.stringify(reviewResponse(answer, uid, patch));
  return { text, record: { ...answer.record, durationMs: Math.round((performance.now() - started) * 1000) / 1000 } };
}

function headUid(body: Uint8Array): string {
  return uidIn(Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, HEAD_BYTES)));
}
