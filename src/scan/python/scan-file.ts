import type { ByteSource } from '../../core/bytes/index.ts';
import { PYTHON_BOUNDS } from '../../formats/python/index.ts';
import { DECODED_CODE } from '../repository/index.ts';
import type { PythonFacts, ReachingCall, ScanContext } from '../scanner/index.ts';

/** Bytes that are held for each byte of a file while it is followed: its text, its parts, and values. */
const HELD = 64;
/** Names in the summary of a file. */
const MAX_SHOWN = 6;

/**
 * Reads a Python file without running it: tells what it would do, and reports decoded code that it runs.
 * @returns a summary for people
 */
export async function scanPython(source: ByteSource, context: ScanContext): Promise<string> {
  // A character takes up to four bytes.
  if (source.size > 4 * PYTHON_BOUNDS.characters) {
    const facts: PythonFacts = {
      kind: 'python',
      imports: [],
      defines: [],
      calls: [],
      uses: {},
      gap: 'it is too long to be followed',
    };
    context.tells(facts);
    return facts.gap ?? '';
  }
  const held = HELD * source.size;
  context.budget.hold(held);
  context.budget.work(HELD * source.size);
  const { pythonFacts } = await import('./judge/index.ts');
  const facts = pythonFacts(await source.read(0, source.size));
  context.budget.release(held);
  context.tells(facts);
  reportPayloads(facts, context);
  return summary(facts);
}

/** Reports calls that run what a decoder gives, whether or not anything names the file. */
export function reportPayloads({ calls }: PythonFacts, context: Pick<ScanContext, 'report'>): void {
  for (const { name, line, owner, grade, kind } of calls) {
    if (grade !== 'payload') continue;
    const when = owner === null ? 'when it is imported' : `in ${owner.slice(0, 100)}`;
    context.report({
      rule: DECODED_CODE,
      message: `Decodes text and hands it to ${name}, or decodes that name, ${when}.`,
      subject: `${kind}:${name}`,
      line,
      evidence: name,
    });
  }
}

/** What a person who reviews the file looks for first. */
export function summary({ imports, calls, gap }: PythonFacts): string {
  const packages = [...new Set(imports.map((name) => name.split('.')[0] ?? '').filter((name) => name !== ''))].sort();
  const grave = (one: ReachingCall) => Number(one.grade === 'notable');
  const reached = [...calls]
    .sort((a, b) => grave(a) - grave(b))
    .map(({ name, line, owner }) => `${name} (line ${line}${owner === null ? ', when it is imported' : ''})`);
  const parts = [
    packages.length === 0 ? 'imports nothing' : `imports ${listed(packages)}`,
    reached.length === 0 ? 'no call of it reaches out' : `calls ${listed(reached)}`,
    ...(gap === null ? [] : [`not fully understood: ${gap}`]),
  ];
  return parts.join('; ');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN).join(', ');
  return names.length > MAX_SHOWN ? `${shown} and ${names.length - MAX_SHOWN} more` : shown;
}
