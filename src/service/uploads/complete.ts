import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import type { UploadFile } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';
import { openPart, partPath, receivedOf, setReceived } from './folder.ts';

/** Looks whether every byte of a file came. @throws ServiceError `upload-incomplete`; `upload-digest`, and then the file has to be sent again */
export async function checkWhole(folder: string, index: number, file: Omit<UploadFile, 'received'>): Promise<void> {
  const received = await receivedOf(folder, index);
  const name = JSON.stringify(file.path);
  if (received !== file.size)
    throw new ServiceError(409, 'upload-incomplete', `${name} has ${received} of ${file.size} bytes`);
  if (file.sha256 === null || file.size === 0) return checkEmpty(file, name);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(partPath(folder, index), { highWaterMark: 1024 * 1024 }))
    hash.update(chunk);
  const digest = hash.digest('hex');
  if (digest === file.sha256) return;
  await setReceived(folder, index, 0);
  throw new ServiceError(422, 'upload-digest', `${name} has the SHA-256 ${digest}: send the file again, from 0`);
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');

function checkEmpty(file: Omit<UploadFile, 'received'>, name: string): void {
  if (file.size === 0 && file.sha256 !== null && file.sha256 !== EMPTY_SHA256)
    throw new ServiceError(422, 'upload-digest', `${name} is empty, and does not have the announced SHA-256`);
}

/** An empty file was never sent; from now on nobody writes any. */
export async function seal(folder: string, index: number, file: Omit<UploadFile, 'received'>): Promise<void> {
  if (file.size === 0) await (await openPart(folder, index, 0)).close();
  await chmod(partPath(folder, index), 0o400);
}
