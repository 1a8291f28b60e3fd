/** How a part that is read from files fares. */
export interface PartHealth {
  readonly loadedAt: Date | null;
  /** Why the newest was not taken; `null` while all is well. */
  readonly problem: string | null;
}

/** How the certificate fares, for `/metrics`, `/readyz` and `status`. */
export interface CertificateHealth {
  readonly notAfter: Date | null;
  readonly fingerprint: string | null;
  /** When this one came. */
  readonly loadedAt: Date | null;
  /** Why the newest was not taken; `null` while all is well. */
  readonly problem: string | null;
}

/** How a snapshot feed fares, for `/metrics`, `/readyz` and `status`. */
export interface FeedHealth {
  /** Address of the source, without credentials. */
  readonly from: string;
  readonly lastTried: Date | null;
  readonly lastGood: Date | null;
  /** Why the newest one was not taken; `null` while all is well. */
  readonly problem: string | null;
  /** No version below it is taken. */
  readonly floor: number;
}
