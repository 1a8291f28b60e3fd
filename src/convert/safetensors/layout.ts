import { AssayError } from '../../core/index.ts';
import { type Dtype, elementBytes, type Tensor, writtenBytes } from '../tensors/index.ts';

/** Where the tensors of one safetensors file lie. */
export interface SafetensorsLayout {
  /** The bytes before the first tensor: a length, JSON, and blanks up to a multiple of eight. */
  readonly head: Uint8Array;
  readonly tensors: readonly Tensor[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/** The format's own bound. */
const MAX_HEADER = 100_000_000;
const ALIGNMENT = 8;

/** The order of types in the safetensors crate: files have their widest elements first. */
const ORDER: readonly Dtype[] = [
  'BOOL',
  'U8',
  'I8',
  'F8_E5M2',
  'F8_E4M3',
  'F8_E8M0',
  'F8_E4M3FNUZ',
  'F8_E5M2FNUZ',
  'I16',
  'U16',
  'F16',
  'BF16',
  'I32',
  'U32',
  'F32',
  'C64',
  'F64',
  'I64',
  'U64',
];

/**
 * Lays tensors out as the safetensors crate does (safetensors/src/tensor.rs, `prepare`): by element type, the widest first, then
 * by name, so that the same tensors give the same bytes.
 * @throws AssayError `limit` for names that make a header larger than the format allows
 */
export function layOut(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>>): SafetensorsLayout {
  const sorted = [...tensors].sort(
    (a, b) =>
      ORDER.indexOf(b.dtype) - ORDER.indexOf(a.dtype) || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.length === 0 ? [] : [`"__metadata__":${JSON.stringify(Object.fromEntries(entries))}`];
  let at = 0;
  for (const tensor of sorted) {
    const end = at + writtenBytes(tensor);
    const { name, dtype, shape } = tensor;
    parts.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${at},${end}]}`,
    );
    at = end;
  }
  const json = Buffer.from(`{${parts.join(',')}}`, 'utf8');
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  if (length > MAX_HEADER)
    throw new AssayError('limit', `the header would have ${length} bytes, which is more than the format allows`);
  const head = Buffer.alloc(8 + length, 0x20);
  head.writeBigUInt64LE(BigInt(length), 0);
  json.copy(head, 8);
  return { head, tensors: sorted, size: head.length + at };
}

/** The bytes of a file in pieces, each valid until the next: no more than a band of one tensor is held. */
export async function* layoutBytes(
  { head, tensors }: SafetensorsLayout,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  yield head;
  for (const tensor of tensors) yield* elementBytes(tensor, signal);
}

/** Bytes of the elements of some tensors. */
export function totalBytes(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + writtenBytes(tensor), 0);
}
