import { type ByteSource, MemorySource } from '../../../core/bytes/index.ts';
import { isAssayError } from '../../../core/index.ts';
import { PICKLE_C, PICKLE_PY } from '../../../formats/pickle/index.ts';
import { type MemberReader, parseSchema, readSkops } from '../../../formats/skops/index.ts';
import type { ScanContext } from '../../scanner/index.ts';
import { SKOPS_RULES } from '../rules.ts';

/**
 * Judges the `schema.json` of a skops file as the pickle that makes the same objects: its names, their uses and what they are handed.
 * @returns false when the document is not a schema of skops
 */
export async function judgeSkops(source: ByteSource, member: MemberReader, context: ScanContext): Promise<boolean> {
  const { budget } = context;
  const report = (rule: (typeof SKOPS_RULES)[keyof typeof SKOPS_RULES], what: string) =>
    context.report({ rule, message: `In schema.json, ${what}.`, subject: what.slice(0, 120) });
  budget.hold(source.size);
  let schema: ReturnType<typeof parseSchema>;
  try {
    schema = parseSchema(await source.read(0, source.size), source.name, budget);
    if (schema === undefined) return false;
    const objects = await readSkops(schema.root, member, budget);
    try {
      for (const { kind, what } of objects.faults) report(SKOPS_RULES[kind], what);
      const pickle = new MemorySource(objects.pickle, `${source.name}!objects`);
      await context.member(pickle, 'schema.json (as a pickle)', { loaders: PICKLE_C | PICKLE_PY });
    } finally {
      objects.close();
    }
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    report(SKOPS_RULES.structure, error.message);
    context.incomplete(`schema.json was not read to its end: ${error.message}`);
  } finally {
    schema?.release();
    budget.release(source.size);
  }
  return true;
}
