import { readFile } from 'node:fs/promises';
import { sign, verify } from 'assay';

/** Signs a model with a key, and verifies what was written with its public key. */
export async function publish(model: string, privateKey: string, publicKey: string): Promise<string> {
  const { place } = await sign(model, { privateKey: await readFile(privateKey, 'utf8') });
  const { verified, signature } = await verify(model, { publicKey });
  if (!verified) throw new Error(signature.detail);
  return place.signature;
}
