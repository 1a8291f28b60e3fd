import type { JudgingFlags } from '../../judging/index.ts';

export type ScanFormat = (typeof SCAN_FORMATS)[number];

/** The checked request of the command line. */
export interface ScanRequest extends JudgingFlags {
  readonly targets: readonly string[];
  readonly format: ScanFormat;
  readonly output: string | undefined;
  readonly coverage: boolean;
  /** Compares ONNX models with those that are rebuilt from the weights beside them. */
  readonly rebuild: boolean;
  /** Prints what the run cost. */
  readonly stats: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

export const SCAN_FORMATS = ['table', 'json', 'jsonl', 'sarif', 'openvex', 'markdown', 'junit', 'cyclonedx'] as const;
