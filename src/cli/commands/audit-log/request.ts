import type { RegistryFlags } from '../../../client/index.ts';

export interface AuditListRequest {
  readonly registry: RegistryFlags;
  /** `model@number`, the name of a token. */
  readonly subject: string | undefined;
  /** Only entries after this one. */
  readonly since: number;
  /** `jsonl` is the export: an entry a line, as it is hashed. */
  readonly format: 'table' | 'jsonl';
  readonly output: string | undefined;
  readonly color: boolean;
}

/** A head that was kept elsewhere: as text, or in a signed snapshot. */
export type KeptHead =
  | { readonly kind: 'text'; readonly seq: number; readonly hash: string }
  | { readonly kind: 'snapshot'; readonly file: string; readonly key: string };

export interface AuditVerifyRequest {
  readonly registry: RegistryFlags;
  readonly since: KeptHead | undefined;
  readonly format: 'table' | 'json';
  readonly quiet: boolean;
}
