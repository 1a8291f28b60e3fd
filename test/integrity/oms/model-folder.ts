import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { createHasher } from '../../../src/integrity/hash/hasher.ts';
import { type HashPlan, SHA256_PLAN } from '../../../src/integrity/hash/plan.ts';
import type { SignedFile } from '../../../src/integrity/oms/compare.ts';

/** Every file of a folder, hashed under a plan. Links are followed. */
export async function hashFolder(folder: string, plan: HashPlan = SHA256_PLAN): Promise<SignedFile[]> {
  const files: SignedFile[] = [];
  for (const absolute of walk(folder)) {
    const path = relative(folder, absolute).split(sep).join('/');
    const link = lstatSync(absolute).isSymbolicLink() ? ('within' as const) : undefined;
    files.push({ ...(await hashBytes(path, readFileSync(absolute), plan)), link });
  }
  return files;
}

/** A model file in memory. */
export async function hashBytes(path: string, bytes: Uint8Array, plan: HashPlan = SHA256_PLAN): Promise<SignedFile> {
  const hasher = await createHasher([plan], bytes.length);
  hasher.update(bytes);
  return { path, size: bytes.length, digests: hasher.digest() };
}

function walk(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? walk(path) : [path]));
}
