/** An approval of an artifact for a stage. The caller has verified it. */
export interface Approval {
  readonly stage: string;
  /** The approver, as the proof names it: the identity of a certificate, the hint of a key. */
  readonly signer: string;
  /** How the identity was proven; `service`: by a session of the service, which signed for the approver. */
  readonly method: 'key' | 'certificate' | 'sigstore' | 'service';
  /** ISO 8601. */
  readonly at: string;
  /** `sha256:<hex>`: the tree digest that was approved. */
  readonly digest: string;
}
