import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeWhole } from '../../core/bytes/index.ts';
import type { Conversion } from '../../core/conversion/index.ts';
import { AssayError, codeOrText } from '../../core/index.ts';
import { CONVERSION_NAME, signStatement } from '../../integrity/attestations/index.ts';
import { isSignatureError } from '../../integrity/envelope/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';

/**
 * Signs what a conversion did, and writes that beside the files that it is about.
 * @param folder that holds the files, which are not published yet
 * @returns the report with the attestation
 * @throws AssayError `unsupported` for what no attestation can say, such as too many files; `unreadable`; what the signer throws
 */
export async function attested(conversion: Conversion, folder: string, signer: PayloadSigner): Promise<Conversion> {
  const text = `${JSON.stringify(await signed(conversion, signer))}\n`;
  try {
    await writeWhole(join(folder, CONVERSION_NAME), text, 0o644);
  } catch (cause) {
    throw new AssayError('unreadable', `cannot be written (${codeOrText(cause)})`, { subject: CONVERSION_NAME, cause });
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { ...conversion, attestation: { path: CONVERSION_NAME, sha256 } };
}

async function signed(conversion: Conversion, signer: PayloadSigner): Promise<unknown> {
  try {
    return await signStatement(createStatement('conversion', { conversion, at: new Date() }), signer);
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    throw new AssayError('unsupported', `the conversion cannot be attested: ${cause.message}`, { cause });
  }
}
