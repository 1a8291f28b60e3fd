import { createHash } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { signStatement } from '../../integrity/attestations/index.ts';
import { isSignatureError } from '../../integrity/envelope/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';
import type { CheckedData } from './check-data.ts';

/**
 * Signs what checks of data said, whether they pass or not, and which profile the data has. The statement is about the files of the data.
 * @param at when they were made
 * @returns the Sigstore bundle, as the text of its file
 * @throws AssayError `unsupported` for data that no attestation can hold, such as a data set of too many files; what the signer throws
 */
export async function attestData(
  { report, profile }: Pick<CheckedData, 'report' | 'profile'>,
  signer: PayloadSigner,
  at = new Date(),
): Promise<string> {
  const sha256 = createHash('sha256').update(profile).digest('hex');
  try {
    const statement = createStatement('data', { report, profile: sha256, at });
    return `${JSON.stringify(await signStatement(statement, signer))}\n`;
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    throw new AssayError('unsupported', `the checks cannot be attested: ${cause.message}`, { cause });
  }
}
