import type { ByteSource } from '../../../core/bytes/index.ts';
import { type Inert, isKind, readInert } from '../../../formats/pickle/inert/index.ts';
import type { ScanContext } from '../../scanner/index.ts';
import { isScriptClass, listedScriptClass } from '../classes.ts';
import { judgeTorchOperator } from '../operators.ts';
import type { ScriptUse } from './source.ts';

const OPERATOR = /^([\w.]+)::([\w.]+)$/;
/** Classes within a type as it is written: `Optional[__torch__.torch.classes.xnnpack.LinearOpContext]`. */
const CLASS = /__torch__[\w.]*/g;
const MAX_USES = 100;
const MAX_DEPTH = 100;

/**
 * What bytecode names and the list does not have. A function is a tuple of pairs: its instructions, and the tables that they point into,
 * where `("aten::add", "Tensor", 3)` is an operator, its overload and the number of its arguments; types are texts.
 * @throws AssayError `unsupported` for what unpicklers read in different ways; `truncated`, `malformed`, `limit`, `aborted`
 */
export async function readBytecode(source: ByteSource, { limits, signal, budget }: ScanContext): Promise<ScriptUse[]> {
  const { value } = await readInert(source, 0, { limits, signal, budget });
  const uses = new Map<string, ScriptUse>();
  const use = (what: string, does?: string, malicious = false) => {
    if (uses.size < MAX_USES || malicious) uses.set(what, { what, line: 0, does, malicious });
  };
  const seen = new Set<Inert>();
  const walk = (one: Inert, depth: number): void => {
    if (typeof one === 'string') {
      for (const [name] of one.matchAll(CLASS)) if (isScriptClass(name) && !listedScriptClass(name)) use(name);
      return;
    }
    if (one === null || typeof one !== 'object' || seen.has(one)) return;
    seen.add(one);
    if (depth > MAX_DEPTH) {
      use(`a value nested deeper than ${MAX_DEPTH}`);
      return;
    }
    const parts = partsOf(one);
    budget.work(parts.length);
    operator(parts, use);
    for (const part of parts) walk(part, depth + 1);
  };
  walk(value, 0);
  return [...uses.values()];
}

/** What a value holds. A call may return what it is given (`restore_type_tag`). */
function partsOf(one: Exclude<Inert, null | string | number | bigint | boolean>): readonly Inert[] {
  if (isKind(one, 'tuple') || isKind(one, 'list') || isKind(one, 'set')) return one.items;
  if (isKind(one, 'dict')) return [...one.entries()].flat();
  if (isKind(one, 'object')) return [one.args, ...one.states, ...one.items, ...one.entries.flat()];
  return [];
}

function operator(items: readonly Inert[], use: (what: string, does?: string, malicious?: boolean) => void): void {
  const [name, overload] = items;
  const match = typeof name === 'string' ? OPERATOR.exec(name) : null;
  if (match === null) return;
  const [full, namespace = '', plain = ''] = match;
  const judgement = judgeTorchOperator(namespace, plain, typeof overload === 'string' ? overload : undefined);
  if (judgement.kind === 'allowed') return;
  const what = typeof overload === 'string' && overload !== '' ? `${full}.${overload}` : full;
  if (judgement.kind === 'unlisted') use(what);
  else use(what, judgement.does, judgement.malicious);
}
