import type { HashAlgorithm } from '../../../integrity/hash/index.ts';

/** The checked request of the command line. */
export interface DigestRequest {
  readonly targets: readonly string[];
  readonly format: DigestFormat;
  readonly algorithm: HashAlgorithm;
  readonly tree: boolean;
  readonly oms: boolean;
  readonly git: boolean;
  readonly claimed: boolean;
  readonly check: string | undefined;
  readonly output: string | undefined;
  readonly offline: boolean;
  readonly quiet: boolean;
}

export type DigestFormat = (typeof DIGEST_FORMATS)[number];

export const DIGEST_FORMATS = ['text', 'json', 'jsonl'] as const;
