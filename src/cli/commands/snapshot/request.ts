/** The checked request of the command line. */
export interface SnapshotRequest {
  readonly registry: string;
  readonly key: string;
  readonly passphraseFile?: string;
  readonly output: string;
  readonly rules?: string;
  readonly trust?: string;
  readonly tenant: string;
  readonly expiresInMs: number;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly images: readonly { readonly digest: string; readonly notAfter: string | null; readonly as?: 'sealed' }[];
  readonly publicUrl?: string;
  readonly explain: boolean;
  readonly watch: boolean;
  readonly quiet: boolean;
}
