import { IN_TOTO_PAYLOAD } from '../envelope/index.ts';
import type { PayloadSigner } from '../sign/index.ts';
import { readStatement, type Statement } from '../statements/index.ts';

/**
 * Signs a statement and returns the Sigstore bundle as the JSON value to write. A statement that readers would refuse is not
 * signed.
 * @throws SignatureError `statement`, `predicate`; what the signer throws.
 */
export async function signStatement(statement: Statement, signer: PayloadSigner): Promise<unknown> {
  const payload = Buffer.from(JSON.stringify(statement));
  readStatement(payload);
  return signer.sign(IN_TOTO_PAYLOAD, payload);
}
