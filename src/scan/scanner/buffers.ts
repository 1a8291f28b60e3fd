import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import {
  EXECUTABLE_HEAD,
  type Executable,
  hasExecutableMagic,
  readExecutable,
} from '../../formats/executables/index.ts';
import { type Rule, SUPPLY_CHAIN } from './rule.ts';
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

export const EMBEDDED: Rule = {
  id: 'native.embedded',
  title: 'A tensor is machine code',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The bytes of a tensor or an array begin with a complete header of a program or a library. No loader of models runs them, but no training writes them either: another program that knows the place can take them out and run them.',
  remedy: 'Do not use the model. Report it to its publisher, and look for the program that would unpack the tensor.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-506'],
};

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
    const executable = await executableAt(source, start, end);
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

/** The machine code that begins at a place; undefined when there is none. */
async function executableAt(source: ByteSource, start: number, end: number): Promise<Executable | undefined> {
  const magic = source.readNow(start, MIN_CONTENT) ?? (await source.read(start, MIN_CONTENT));
  if (!hasExecutableMagic(magic)) return undefined;
  return readExecutable(await source.read(start, Math.min(end - start, EXECUTABLE_HEAD)), end - start);
}
