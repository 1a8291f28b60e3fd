import type { TestReport } from '../../core/behavior/index.ts';
import { AssayError } from '../../core/index.ts';
import { signStatement } from '../../integrity/attestations/index.ts';
import { isSignatureError } from '../../integrity/envelope/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';

/**
 * Signs what tests measured, whether they pass or not. The statement is about the file of the model and those of its tensors.
 * @param at when they were run
 * @returns the Sigstore bundle, as the text of its file
 * @throws AssayError `unsupported` for a report that no attestation can hold, such as one with too many files; what the signer throws
 */
export async function attestTests(report: TestReport, signer: PayloadSigner, at = new Date()): Promise<string> {
  try {
    return `${JSON.stringify(await signStatement(createStatement('tests', { report, at }), signer))}\n`;
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    throw new AssayError('unsupported', `the tests cannot be attested: ${cause.message}`, { cause });
  }
}
