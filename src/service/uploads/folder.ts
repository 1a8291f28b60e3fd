import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/index.ts';
import type { UploadFile } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';

/**
 * How an upload lies on the disk. No name that a user gave is ever a name there: files are numbered, and their paths are
 * kept in `upload.json`.
 *
 *     <folder>/<hash of the tenant>/<id>/upload.json     what was announced; never changes
 *                                       /complete        is there when every byte came and was checked
 *                                       /parts/<n>       bytes of file n
 *                                       /parts/<n>.got   how many of them count: those that are safe on the disk
 */
export interface UploadManifest {
  readonly id: string;
  readonly tenant: string;
  readonly createdBy: string;
  /** Absent in uploads of earlier versions: `createdBy`. */
  readonly owner?: string;
  readonly createdAt: string;
  readonly files: readonly Omit<UploadFile, 'received'>[];
}

/** Random, then the announced bytes in base 36: what is stored is counted by reading names alone. */
const UPLOAD_ID = /^[0-9a-f]{32}-([0-9a-z]{1,11})$/;

export function uploadId(random: string, bytes: number): string {
  return `${random}-${bytes.toString(36)}`;
}

/** Announced bytes of an upload; `undefined` for what is not an id of one. */
export function bytesOfId(id: string): number | undefined {
  const digits = UPLOAD_ID.exec(id)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 36);
}

export function tenantFolder(root: string, tenant: string): string {
  return join(root, createHash('sha256').update(tenant).digest('hex').slice(0, 32));
}

export function manifestPath(folder: string): string {
  return join(folder, 'upload.json');
}

/** A file that is there when the upload is complete. */
export function completePath(folder: string): string {
  return join(folder, 'complete');
}

export function partPath(folder: string, index: number): string {
  return join(folder, 'parts', String(index));
}

/** Bytes of a file that count. */
export async function receivedOf(folder: string, index: number): Promise<number> {
  const text = await readFile(`${partPath(folder, index)}.got`, 'utf8').catch(absent);
  return text === undefined ? 0 : Number(text);
}

/** From now on that many bytes count: whole or not at all, after the bytes themselves are safe. */
export async function setReceived(folder: string, index: number, received: number): Promise<void> {
  await writeWhole(`${partPath(folder, index)}.got`, String(received));
}

/** Opens a file of an upload to be written from `offset`; what lies behind it never counted, and is dropped. */
export async function openPart(folder: string, index: number, offset: number): Promise<FileHandle> {
  const file = await open(partPath(folder, index), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    await file.truncate(offset);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @returns false when the upload is not complete. */
export async function isUploadComplete(folder: string): Promise<boolean> {
  return (await stat(completePath(folder)).catch(absent)) !== undefined;
}

export async function markComplete(folder: string): Promise<void> {
  await syncFolder(join(folder, 'parts'));
  await writeWhole(completePath(folder), '');
  await syncFolder(folder);
}

/** Makes the folder of an upload, all of it or nothing. */
export async function makeFolder(home: string, manifest: UploadManifest): Promise<void> {
  const temporary = join(home, `.${manifest.id}.tmp`);
  await mkdir(join(temporary, 'parts'), { recursive: true, mode: 0o700 });
  await writeWhole(join(temporary, 'upload.json'), JSON.stringify(manifest));
  await rename(temporary, join(home, manifest.id));
  await syncFolder(home);
}

/** `undefined` when there is none. */
export async function readUploadManifest(folder: string): Promise<UploadManifest | undefined> {
  const text = await readFile(manifestPath(folder), 'utf8').catch(absent);
  return text === undefined ? undefined : JSON.parse(text);
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** For `catch`: a file that is not there is `undefined`, everything else goes on. */
export function absent(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined;
  throw error;
}

/** A full disk is told as what it is. */
export function storageError(error: unknown): unknown {
  const code = systemCode(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new ServiceError(507, 'storage-full', 'the service has no disk space left; try again later', { cause: error });
}
