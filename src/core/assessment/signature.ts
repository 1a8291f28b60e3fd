/** Who signed, proven by the signature and the trust that was configured. */
export type Signer =
  | {
      readonly kind: 'key';
      /** Hex SHA-256 of the public key's PEM. */
      readonly keyHint: string;
      /** `P-256` and the like. */
      readonly keyType: string;
    }
  | {
      readonly kind: 'certificate';
      readonly subject: string;
      /** Subject alternative names. */
      readonly names: readonly string[];
      readonly issuer: string;
      /** Hex, of the leaf's DER. */
      readonly sha256: string;
      /** ISO 8601. */
      readonly notAfter: string;
      /** The validity period is over, and the validity policy let it pass. */
      readonly expired: boolean;
    }
  | {
      readonly kind: 'sigstore';
      readonly identity: string;
      readonly issuer: string;
      /** ISO 8601: what the log or the timestamp authority says. */
      readonly signedAt: string;
    };

/** A file that a loader may read and the signature does not vouch for. */
export interface UncoveredFile {
  readonly path: string;
  /** `added`: not in the manifest. `ignored`: under a path that the signer left out. `link`: a link where none was allowed. */
  readonly why: 'added' | 'ignored' | 'link';
}

/** What is known of one signature over an artifact. */
export interface SignatureAssessment {
  /** Where the signature was read: its path within the artifact, or as it was given. */
  readonly signature: string;
  /** `partial`: it holds, and leaves some files uncovered. `not-assessed`: nobody said whom to trust. */
  readonly status: 'verified' | 'partial' | 'failed' | 'not-assessed';
  /** Why it failed, as a stable code; `content` when files differ from what was signed. */
  readonly problem: string | null;
  /** A sentence. */
  readonly detail: string;
  readonly signer: Signer | null;
  /** How files were hashed: `sha256`, `sha256-sharded-1000000000`. */
  readonly method: string | null;
  /** Signed files that are there, unchanged. */
  readonly covered: number;
  /** Paths of signed files whose bytes are others. */
  readonly changed: readonly string[];
  /** Paths of signed files that are not there. */
  readonly missing: readonly string[];
  readonly uncovered: readonly UncoveredFile[];
  /** Paths of empty files, which a signature by shards cannot list: their presence is not vouched for. */
  readonly emptyFiles: readonly string[];
}
