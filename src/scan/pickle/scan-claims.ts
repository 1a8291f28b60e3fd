import type { ByteSource } from '../../core/bytes/index.ts';
import { isContentError } from '../../core/index.ts';
import type { ScanContext } from '../scanner/index.ts';
import { brokenNumbers, type Claim } from './contracts/native/index.ts';
import { UNEXPECTED_DATA } from './rules.ts';
import { bytesAt } from './scan-handed.ts';

/** Checks the numbers that native code uses without a check. */
export async function scanClaims(claims: readonly Claim[], source: ByteSource, context: ScanContext): Promise<void> {
  for (const claim of claims) await scanOne(claim, source, context);
}

async function scanOne(claim: Claim, source: ByteSource, context: ScanContext): Promise<void> {
  const { owner, place } = claim;
  try {
    const bytes = await bytesAt(place, owner, source, context);
    const broken = bytes === undefined ? 'they are written as escaped text' : await readAll(claim, bytes, context);
    if (broken === undefined) return;
    const message = `${owner}: numbers that its native code uses as indexes are not valid: ${broken}`;
    context.report({ rule: UNEXPECTED_DATA, message, subject: owner, offset: place.start });
  } catch (error) {
    if (!isContentError(error)) throw error;
    context.incomplete(`numbers of ${owner} at byte ${place.start} were not read: ${error.message}`);
  }
}

async function readAll(claim: Claim, bytes: ByteSource, context: ScanContext): Promise<string | undefined> {
  context.budget.hold(bytes.size);
  try {
    context.budget.work(bytes.size);
    const read = await bytes.read(0, bytes.size);
    return brokenNumbers(claim, Buffer.from(read.buffer, read.byteOffset, read.byteLength));
  } finally {
    context.budget.release(bytes.size);
  }
}
