/** What the API server asks: the `request` of an AdmissionReview of `admission.k8s.io/v1`, checked. */
export interface AdmissionRequest {
  /** Echoed in the answer. */
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural, as in addresses: `pods`. */
  readonly resource: string;
  /** `ephemeralcontainers`, `scale`; empty for the object itself. */
  readonly subResource: string;
  /** Empty for what lives in no namespace. */
  readonly namespace: string;
  /** Empty where the server has yet to make it up from `metadata.generateName`. */
  readonly name: string;
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  readonly dryRun: boolean;
  /** Parsed JSON of any shape; `null` for DELETE and CONNECT. */
  readonly object: unknown;
  readonly oldObject: unknown;
}
