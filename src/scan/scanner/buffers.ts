import { SliceSource } from '../../core/bytes/index.ts';
import { EXECUTABLE_HEAD, readExecutable } from '../../formats/executables/index.ts';
import type { Rule } from './rule.ts';
import type { ScanContext, ScanTarget } from './scanner.ts';
import { activeFormat } from './stray.ts';

/** A buffer of a model: `numbers` may begin with any bytes, so that only a consistent header of machine code counts there. */
export interface HeldBuffer {
  readonly where: string;
  readonly start: number;
  readonly end: number;
  readonly numbers: boolean;
}

const MIN_CONTENT = 64;
/** Of a file that is fetched, no more buffers than these are looked into. */
const MAX_FAR = 64;

/** Looks at the head of each buffer: one that is a program or an archive is a finding, and is scanned as a member. */
export async function judgeBuffers(
  target: ScanTarget,
  context: ScanContext,
  rule: Rule,
  contents: readonly HeldBuffer[],
): Promise<void> {
  const { source, distance } = target;
  let looked = 0;
  for (const { where, start, end, numbers } of contents) {
    if (end - start < MIN_CONTENT) continue;
    if (distance === 'far' && numbers && ++looked > MAX_FAR) continue;
    context.budget.work(MIN_CONTENT);
    const length = Math.min(end - start, numbers ? EXECUTABLE_HEAD : MIN_CONTENT);
    const head = source.readNow(start, length) ?? (await source.read(start, length));
    const executable = readExecutable(head, end - start);
    if (executable === undefined && numbers) continue;
    const slice = new SliceSource(source, start, end - start, `${source.name}!${where}`);
    const format = executable === undefined ? await activeFormat(slice, context) : undefined;
    if (executable === undefined && format === undefined) continue;
    const what = executable?.what ?? format?.title ?? '';
    context.report({
      rule,
      subject: where,
      offset: start,
      message: `${where} holds a program or an archive: ${what}.`,
    });
    await context.member(slice, where, { storedAt: start });
  }
}
