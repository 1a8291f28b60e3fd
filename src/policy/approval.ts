/** Somebody said that an artifact may be used at a stage. Verified by whoever hands it in. */
export interface Approval {
  readonly stage: string;
  /** Who, as the proof names them: the identity of a certificate, the hint of a key. */
  readonly signer: string;
  /** How that was proven; `service`: by a session of the service, which signed for him. */
  readonly method: 'key' | 'certificate' | 'sigstore' | 'service';
  /** ISO 8601. */
  readonly at: string;
  /** `sha256:<hex>`: the tree digest that was approved. */
  readonly digest: string;
}
