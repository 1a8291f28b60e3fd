import type { TestReport } from './schema.ts';

/** What a trusted signer attests of tests of a model. */
export interface AttestedTests
  extends Pick<TestReport, 'baseline' | 'data' | 'device' | 'rowsAtOnce' | 'status' | 'tests' | 'tool'> {
  /** As messages name the file of the attestation. */
  readonly name: string;
  /** The name of the signer in the trust file. */
  readonly signer: string;
  /** When they were run. */
  readonly at: string;
  readonly suite: Omit<TestReport['suite'], 'path'>;
  /** The file that was tested, and those of its tensors. */
  readonly model: TestReport['model'];
}
