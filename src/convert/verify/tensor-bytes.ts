import { createHash } from 'node:crypto';
import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import type { ConversionVerification } from '../../core/conversion/index.ts';
import { AssayError, type FileBudget, type Limits, quotedName } from '../../core/index.ts';
import { readSafetensors } from '../../formats/index.ts';
import { elementBytes, type Tensor } from '../tensors/index.ts';

/** Where a tensor lies in a safetensors file, as its header has it. */
interface Written {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Reads every tensor of a written file again, and compares its type, its shape and its bytes with those of the source, which are
 * read again as well.
 * @throws AssayError what reading the source throws
 */
export async function verifyTensors(
  tensors: readonly Tensor[],
  file: ByteSource,
  {
    limits,
    budget,
    signal,
  }: { readonly limits: Limits; readonly budget?: FileBudget; readonly signal: AbortSignal | undefined },
): Promise<ConversionVerification> {
  const { dataStart, faults, tensors: count } = await readSafetensors(file, limits.maxHeaderBytes, budget);
  const [fault] = faults;
  if (fault !== undefined) throw new AssayError('internal', fault.message, { subject: file.name });
  const written = headerOf(await file.read(8, dataStart - 8));
  const all = createHash('sha256');
  let problem = count === tensors.length ? null : `the file has ${count} tensors, and the source ${tensors.length}`;
  for (const tensor of tensors) {
    const own = await digestOf(tensor, elementBytes(tensor, signal));
    const at = written.get(tensor.name);
    const found =
      at === undefined
        ? undefined
        : await digestOf({ ...tensor, ...at }, chunks(file, dataStart + at.start, dataStart + at.end));
    if (found !== own) problem ??= `${quotedName(tensor.name)} is not that of the source`;
    all.update(own);
  }
  return {
    kind: 'tensor bytes',
    of: 'file',
    pass: problem === null,
    runtime: null,
    inputs: null,
    outputs: null,
    rows: tensors.length,
    runs: [],
    tensors: problem === null ? `sha256:${all.digest('hex')}` : null,
    problem,
    compared: [],
  };
}

async function digestOf(
  { name, dtype, shape }: { readonly name: string; readonly dtype: string; readonly shape: readonly number[] },
  pieces: AsyncIterable<Uint8Array>,
): Promise<string> {
  const hash = createHash('sha256').update(`${JSON.stringify([name, dtype, shape])}\n`);
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** The header of a file without faults. */
function headerOf(bytes: Uint8Array): ReadonlyMap<string, Written> {
  const header: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (typeof header !== 'object' || header === null) throw new AssayError('internal', 'a header is not an object');
  return new Map(
    Object.entries(header).flatMap(([name, value]: [string, unknown]) => {
      if (name === '__metadata__') return [];
      const { dtype, shape, data_offsets: offsets } = value as HeaderEntry;
      return [[name, { dtype, shape, start: offsets[0], end: offsets[1] }] as const];
    }),
  );
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}
