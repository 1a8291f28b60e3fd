import type { Envelope } from './dsse.ts';

/** How a bundle lets its signature be verified. */
export type VerificationMaterial =
  /** `hint`: hex SHA-256 of the key's PEM. `pem`: the key itself, as releases 0.3.1 to 1.0.1 of the reference wrote it. */
  | { readonly kind: 'key'; readonly hint?: string; readonly pem?: string }
  /** DER, leaf first. */
  | { readonly kind: 'certificate'; readonly chain: readonly Buffer[] }
  /** A certificate of Fulcio; the whole bundle goes to the Sigstore verifier. */
  | { readonly kind: 'sigstore' };

/** A Sigstore bundle that was read and not yet verified. */
export interface SignedBundle {
  readonly mediaType: string;
  readonly material: VerificationMaterial;
  readonly envelope: Envelope;
  /** The document as parsed, for the Sigstore verifier. */
  readonly json: unknown;
}
