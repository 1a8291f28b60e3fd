import type { Lineage } from './api/index.ts';

/** What decides the result of a scan: the program with its rules and options, and the files that it was given. */
export interface ScanInput {
  /** Hex SHA-256 over the program, its rules, the kind of source and the limits. */
  readonly key: string;
  /** Digest of the ruleset: `sha256:<hex>`. */
  readonly ruleset: string;
  readonly pinned: string;
  /** As the source lists them. */
  readonly files: readonly FileToScan[];
}

export interface FileToScan {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex, as the source announces it; `null` when it does not. */
  readonly sha256: string | null;
}

/** An assessment whose result may be taken again, if the bytes are the same. */
export interface KeptScan {
  /** Id of the assessment. */
  readonly assessment: string;
  /** `sha256:<hex>` of its bytes. */
  readonly digest: string;
  /** The pinned reference named these bytes already: they need not be read to know that they are the same. */
  readonly isSameReference: boolean;
}

/** Takes the result of a kept scan for a job. */
export interface Reuse {
  readonly model: string;
  readonly job: string;
  readonly lineage?: Lineage;
  readonly kept: KeptScan;
  readonly input: ScanInput;
  /** The reference as the user gave it. */
  readonly ref: string;
  /** How old the scan may be, milliseconds. */
  readonly maxAgeMs: number;
}
