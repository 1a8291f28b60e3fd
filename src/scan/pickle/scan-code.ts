import type { ByteSource } from '../../core/bytes/index.ts';
import { isContentError } from '../../core/index.ts';
import { type LoaderSet, readStream } from '../../formats/pickle/index.ts';
import type { Report, ScanContext, ScanTarget } from '../scanner/index.ts';
import type { SpelledBytes } from './contracts/index.ts';
import { PickleJudge } from './judge.ts';
import { compiledCode, type Payload, unknownFunctions } from './known-code/index.ts';
import { CODE_BY_VALUE, DANGEROUS_GLOBAL, SHADOWED_GLOBAL } from './rules.ts';
import { bytesAt } from './scan-handed.ts';

const OWNER = 'numba.core.serialize._unpickle__CustomPickled';
/** Bytes of one function with all that it uses: the largest that libraries have are some 20,000. */
const MAX_CODE = 1024 * 1024;

/**
 * Compares code that numba pickled with that of the releases of libraries. Loading it makes functions and calls none, so that
 * functions that are known are what an import of them would be.
 */
export async function scanCodes(
  codes: Iterable<SpelledBytes>,
  { source, loaders }: Pick<ScanTarget, 'source' | 'loaders'>,
  context: ScanContext,
): Promise<void> {
  for (const code of codes) {
    try {
      await scanOne(code, source, loaders, context);
    } catch (error) {
      if (!isContentError(error)) throw error;
      context.incomplete(`the code at byte ${code.start} was not read: ${error.message}`);
    }
  }
}

async function scanOne(
  code: SpelledBytes,
  source: ByteSource,
  loaders: LoaderSet,
  context: ScanContext,
): Promise<void> {
  const bytes = code.length > MAX_CODE ? undefined : await bytesAt(code, OWNER, source, context);
  if (bytes === undefined) {
    context.incomplete(`the code at byte ${code.start} is too long, or has an encoding that is not supported`);
    return;
  }
  context.budget.work(8 * bytes.size);
  const payload = compiledCode(await bytes.read(0, bytes.size));
  const unknown = payload === undefined ? undefined : unknownFunctions(payload);
  if (payload !== undefined && unknown?.length === 0) return accept(payload, code.start, loaders, context);
  const [first] = unknown ?? [];
  const which = first === undefined ? 'that does not have the form that numba writes' : `of ${first}`;
  context.report({
    rule: CODE_BY_VALUE,
    message: `carries code by value ${which}, which no listed release of a library has`,
    subject: OWNER,
    offset: code.start,
  });
  await judge(bytes, code.start, loaders, context);
}

function accept({ imports }: Payload, start: number, loaders: LoaderSet, context: ScanContext): void {
  for (const [module, name] of imports) {
    const full = name === '' ? module : `${module}.${name}`;
    context.imported(full, loaders);
    if (!context.globals.shadows(module)) continue;
    const message = `imports ${full}, which a file of the artifact can provide`;
    context.report({ rule: SHADOWED_GLOBAL, message, subject: full, offset: start });
  }
}

/** What other code would do: numba loads it with the C unpickler. */
async function judge(bytes: ByteSource, start: number, loaders: LoaderSet, context: ScanContext): Promise<void> {
  const dangers: Report[] = [];
  const own = new PickleJudge({
    globals: context.globals,
    budget: context.budget,
    within: undefined,
    report: (report) => {
      if (report.rule === DANGEROUS_GLOBAL) dangers.push(report);
    },
    imported: (name) => context.imported(name, loaders),
  });
  const { limits, signal, budget } = context;
  const result = await readStream(bytes, 0, own, { limits, signal, budget });
  result.state.close();
  for (const { offset: _, ...danger } of dangers) context.report({ ...danger, offset: start });
}
