import type { AdmissionAnswer } from '../answer.ts';
import type { PatchOperation } from '../patch.ts';

/** The body that the API server reads (`admission.k8s.io/v1`, AdmissionReview.response). */
export interface ReviewResponse {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: {
      readonly status: 'Failure';
      readonly code: number;
      readonly reason: string;
      readonly message: string;
    };
    readonly warnings?: readonly string[];
    readonly auditAnnotations?: Readonly<Record<string, string>>;
    readonly patchType?: 'JSONPatch';
    /** Base64 of the JSON Patch. */
    readonly patch?: string;
  };
}

const REASONS: Readonly<Record<number, string>> = { 400: 'BadRequest', 403: 'Forbidden' };

/** @param patch of `/mutate`; what is refused is not changed */
export function reviewResponse(
  answer: AdmissionAnswer,
  uid: string,
  patch: readonly PatchOperation[] = [],
): ReviewResponse {
  const { allowed, code, message, warnings, auditAnnotations } = answer;
  const reason = REASONS[code] ?? 'Forbidden';
  const changes = allowed && patch.length > 0;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { status: 'Failure', code, reason, message } }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(Object.keys(auditAnnotations).length === 0 ? {} : { auditAnnotations }),
      ...(changes ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } : {}),
    },
  };
}
