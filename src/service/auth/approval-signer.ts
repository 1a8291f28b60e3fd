import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSmallText } from '../../core/bytes/index.ts';
import { isAssayError } from '../../core/index.ts';
import { readPrivateKey } from '../../integrity/envelope/index.ts';
import { keySigner, type PayloadSigner } from '../../integrity/sign/index.ts';
import type { ServiceConfig } from '../config.ts';

type KeyConfig = Pick<ServiceConfig, 'approvalKey' | 'approvalPassphrase' | 'dataFolder'>;

/**
 * The signer for approvers with a session; `undefined` when there is no key. A key that is missing from the data folder
 * is made, with its public half beside it for the trust file.
 * @throws AssayError `usage`, `not-found`, `unreadable`
 */
export async function openApprovalSigner(config: KeyConfig): Promise<PayloadSigner | undefined> {
  const { approvalKey: path, approvalPassphrase } = config;
  if (path === null) return undefined;
  const pem = await readSmallText(path, 'ASSAY_APPROVAL_KEY').catch(async (error: unknown) => {
    if (!isAssayError(error) || error.code !== 'not-found' || dirname(path) !== config.dataFolder) throw error;
    return makeKey(path);
  });
  return keySigner(readPrivateKey(pem, path, approvalPassphrase ?? undefined), path);
}

async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
  await writeFile(`${path}.pub`, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString());
  return pem;
}
