/** A signed snapshot as its writer put it there; the service only hands it out and never signs one. */
export interface PublishedSnapshot {
  readonly tenant: string;
  readonly version: number;
  /** Strong, quoted. */
  readonly etag: string;
  /** The DSSE envelope as JSON. */
  readonly body: Buffer;
  readonly issued: string;
  readonly expires: string;
}

export interface SnapshotStore {
  /** `undefined` when none was written for the tenant. */
  newest(tenant: string): Promise<PublishedSnapshot | undefined>;
  close(): Promise<void>;
}
