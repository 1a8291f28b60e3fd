import type { Verdict } from '../../src/core/assessment/verdict.ts';
import { worseVerdict } from '../../src/core/assessment/verdict.ts';
import { type ByteSource, MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../src/core/errors.ts';
import { identifyFormat, probeOf, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { fakeContext } from './scan-context.ts';

export interface DeepScan {
  readonly verdict: Verdict;
  /** The format that the content was found to be of. */
  readonly format: string;
  readonly ruleIds: readonly string[];
  readonly messages: readonly string[];
  /** Why something could not be read, and checks that no scanner answers. */
  readonly reasons: readonly string[];
}

/** Scans bytes and their members with every scanner, and gives the worst verdict, as the pipeline does. */
export async function scanDeep(bytes: Uint8Array | ByteSource, file: string, depth = 0): Promise<DeepScan> {
  const source = bytes instanceof Uint8Array ? new MemorySource(bytes, file) : bytes;
  const format = identifyFormat(await probeOf(source)) ?? UNKNOWN;
  const inner: DeepScan[] = [];
  const context = fakeContext({
    size: source.size,
    onMember: async (member, name) => {
      const one = await scanDeep(new MemorySource(await member.read(0, member.size), name), name, depth + 1);
      inner.push(one);
      return { format: one.format };
    },
  });
  for (const scanner of SCANNERS.filter(({ formats }) => formats.includes(format.id))) {
    const target = { source, format, file, depth, loaders: ANY_LOADER, distance: 'near' } as const;
    try {
      await scanner.scanFile(depth === 0 ? target : { ...target, member: file }, context);
    } catch (error) {
      if (!isContentError(error)) throw error;
      context.reasons.push(error.message);
    }
  }
  let verdict = context.verdict(source.size);
  for (const one of inner) verdict = worseVerdict(verdict, one.verdict);
  return {
    verdict,
    format: context.format ?? format.id,
    ruleIds: [...context.ruleIds(), ...inner.flatMap((one) => one.ruleIds)],
    messages: [...context.reports.map(({ message }) => message), ...inner.flatMap((one) => one.messages)],
    reasons: [...context.reasons, ...context.checks.map(({ id }) => id), ...inner.flatMap((one) => one.reasons)],
  };
}
