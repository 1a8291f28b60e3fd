import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSmallText } from '../../core/bytes/index.ts';
import { isAssayError, systemCode } from '../../core/index.ts';
import { readPrivateKey } from '../../integrity/envelope/index.ts';
import { keySigner, type PayloadSigner } from '../../integrity/sign/index.ts';
import type { ServiceConfig } from '../config.ts';

/**
 * The signer for approvers with a session; `undefined` when there is no key. A key that is missing from the data folder
 * is made, with its public half beside it for the trust file.
 * @throws AssayError `usage`, `not-found`, `unreadable`
 */
export async function openApprovalSigner(
  config: Pick<ServiceConfig, 'approvalKey' | 'approvalPassphrase' | 'dataFolder'>,
): Promise<PayloadSigner | undefined> {
  const { approvalKey: path } = config;
  return path === null ? undefined : keySigner(await openKey(path, 'ASSAY_APPROVAL_KEY', config), path);
}

/** Signs what conversions did, and the public half as PEM. */
export interface ConversionSigner extends PayloadSigner {
  readonly publicKey: string;
}

/** The same for conversions. A key of its own: who trusts a service to convert does not trust it to approve. */
export async function openConversionSigner(
  config: Pick<ServiceConfig, 'conversionKey' | 'approvalPassphrase' | 'dataFolder'>,
): Promise<ConversionSigner | undefined> {
  const { conversionKey: path } = config;
  if (path === null) return undefined;
  const key = await openKey(path, 'ASSAY_CONVERSION_KEY', config);
  const signer = keySigner(key, path);
  return { sign: (type, payload) => signer.sign(type, payload), publicKey: publicPem(key) };
}

async function openKey(
  path: string,
  variable: string,
  { approvalPassphrase, dataFolder }: Pick<ServiceConfig, 'approvalPassphrase' | 'dataFolder'>,
): Promise<KeyObject> {
  const pem = await readSmallText(path, variable).catch(async (error: unknown) => {
    if (!isAssayError(error) || error.code !== 'not-found' || dirname(path) !== dataFolder) throw error;
    return makeKey(path);
  });
  return readPrivateKey(pem, path, approvalPassphrase ?? undefined);
}

async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process was faster.
    if (systemCode(error) === 'EEXIST') return readSmallText(path, 'the key');
    throw error;
  }
  await writeFile(`${path}.pub`, publicPem(privateKey));
  return pem;
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}
