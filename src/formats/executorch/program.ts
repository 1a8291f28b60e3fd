import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type FbTable, FlatBuffer } from '../flatbuffer/index.ts';

/** Fields of the tables of schema/program.fbs of ExecuTorch. */
const PROGRAM = { plans: 1, constants: 2, delegateData: 3, segments: 4 } as const;
const PLAN = { operators: 6, delegates: 7 } as const;

export interface ExecutorchProgram {
  /** `aten::add.out`, each once for a plan that names it. */
  readonly operators: readonly string[];
  /** Names of the backends to which a part of the program is left. */
  readonly delegates: readonly string[];
  /** Where the program ends and its segments lie. */
  readonly programEnd: number;
  readonly segments: readonly { readonly start: number; readonly end: number }[];
  /** What the program holds for its backends. */
  readonly blobs: readonly { readonly start: number; readonly end: number }[];
}

/** A program that is followed by its segments says so at byte 8: "eh" and two digits, then lengths. */
const EXTENDED = 8;
const MAX_NAMES = 100_000;

/** @throws AssayError `malformed`, `truncated`, `limit` */
export async function readExecutorch(
  source: ByteSource,
  budget: FileBudget,
  maxBytes: number,
): Promise<ExecutorchProgram> {
  const head = Buffer.from(await source.read(0, Math.min(source.size, 64)));
  const isExtended = head.length >= 40 && /^eh\d\d$/.test(head.toString('latin1', EXTENDED, EXTENDED + 4));
  const programEnd = isExtended ? lengthAt(head, 16) : source.size;
  const base = isExtended ? lengthAt(head, 24) : 0;
  if (programEnd < 8 || programEnd > source.size || (base !== 0 && base < programEnd))
    throw new AssayError('malformed', `the program ends at byte ${programEnd}, and its segments begin at ${base}`, {
      offset: EXTENDED,
    });
  if (programEnd > maxBytes) throw new AssayError('limit', `an ExecuTorch program of ${programEnd} bytes`);
  budget.hold(programEnd);
  const root = new FlatBuffer(await source.read(0, programEnd), budget).root();
  const [operators, delegates]: [string[], string[]] = [[], []];
  for (const plan of root.tables(PROGRAM.plans)) {
    for (const operator of plan.tables(PLAN.operators)) keep(operators, operatorName(operator));
    for (const delegate of plan.tables(PLAN.delegates)) keep(delegates, delegate.text(0) ?? '');
  }
  const blobs = [...root.tables(PROGRAM.delegateData)].map((blob) => {
    const { at, length } = blob.vector(0, 1);
    return { start: at, end: at + length };
  });
  const segments = [...root.tables(PROGRAM.segments)].map((segment) => {
    const [offset, size] = [segment.u64(0), segment.u64(1)];
    const start = base + Number(offset);
    if (offset + size > BigInt(source.size) || start + Number(size) > source.size || base === 0)
      throw new AssayError('malformed', `a segment at byte ${offset} of ${size} bytes is not in the file`);
    return { start, end: start + Number(size) };
  });
  return { operators, delegates, programEnd, segments, blobs };
}

function keep(list: string[], name: string): void {
  if (list.length >= MAX_NAMES)
    throw new AssayError('limit', `an ExecuTorch program with more than ${MAX_NAMES} names`);
  list.push(name);
}

function operatorName(operator: FbTable): string {
  const overload = operator.text(1) ?? '';
  return `${operator.text(0) ?? ''}${overload === '' ? '' : `.${overload}`}`;
}

function lengthAt(head: Buffer, at: number): number {
  const value = head.readBigUInt64LE(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
}
