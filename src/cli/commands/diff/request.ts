import type { Severity } from '../../../core/assessment/index.ts';

/** The checked request of the command line. */
export interface DiffRequest {
  readonly from: string;
  readonly to: string;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  /** How severe something new must be for exit code 1; never, when absent. */
  readonly failOnNew: Severity | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}
