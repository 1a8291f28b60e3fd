import type { ByteSource, SourceRange } from '../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, FileBudget } from '../../core/index.ts';
import { ProtoCursor, VarintReader } from '../protobuf/index.ts';
import { byteLength, elementCount, typeFacts } from './data-type.ts';
import type { OnnxExternalData, OnnxTensor } from './model.ts';

/** Opens nothing by itself: the file that a tensor names is one that the caller has, or none. */
export type ExternalSources = (location: string) => ByteSource | undefined;

export interface TensorDataOptions {
  /** Charged for the bytes that are made; one of its own, of the usual limits, when absent. */
  readonly budget?: FileBudget;
  readonly external?: ExternalSources;
}

const WORK_PER_NUMBER = 4;

/**
 * The elements of a tensor as little-endian bytes, side by side, as the raw data of the format has them.
 * @throws AssayError `malformed` where there are fewer or more than the dimensions say; `unsupported` for strings, and for
 *   bytes outside of the model that the caller does not have; `limit`
 */
export async function tensorBytes(tensor: OnnxTensor, options: TensorDataOptions = {}): Promise<Uint8Array> {
  const { data } = tensor;
  const length = byteLength(tensor.type, elementCount(tensor.dims, tensor.name));
  const budget = options.budget ?? new FileBudget(DEFAULT_LIMITS, length);
  switch (data.kind) {
    case 'strings':
      throw stringsAsBytes(tensor);
    case 'typed': {
      if (data.field === 'strings') throw stringsAsBytes(tensor);
      budget.hold(length);
      return decode(tensor, data.runs, length, budget);
    }
    case 'raw':
    case 'external': {
      const range = data.kind === 'raw' ? data.range : externalRange(tensor, data.at, options.external);
      budget.hold(length);
      return range.source.readNow(range.offset, length) ?? range.source.read(range.offset, length);
    }
  }
}

/** The strings of a tensor of strings, each as its bytes. */
export async function tensorStrings(
  tensor: OnnxTensor,
  options: TensorDataOptions = {},
): Promise<readonly Uint8Array[]> {
  const { data } = tensor;
  if (data.kind === 'strings') return data.values;
  if (data.kind !== 'typed' || data.field !== 'strings') {
    throw new AssayError('unsupported', `tensor ${shown(tensor)} is of ${tensor.type}, not of strings`);
  }
  const strings: Uint8Array[] = [];
  for (const run of data.runs) {
    const budget = options.budget ?? new FileBudget(DEFAULT_LIMITS, run.length);
    const cursor = new ProtoCursor(run.source, budget, run.offset);
    const end = run.offset + run.length;
    while (cursor.next(end) || (await cursor.more(end))) {
      budget.hold(96 + cursor.end - cursor.start);
      strings.push(new Uint8Array(await cursor.content(DEFAULT_LIMITS.maxHeaderBytes)));
    }
  }
  return strings;
}

/** Where the bytes of a tensor lie that is not in the model. @throws AssayError `unsupported` when the caller does not have them */
export function externalRange(
  tensor: OnnxTensor,
  at: OnnxExternalData,
  sources: ExternalSources | undefined,
): SourceRange {
  const source = sources?.(at.location);
  const length = byteLength(tensor.type, elementCount(tensor.dims, tensor.name));
  if (source === undefined) {
    const file = JSON.stringify(at.location.slice(0, 200));
    throw new AssayError('unsupported', `the bytes of tensor ${shown(tensor)} are in ${file}, which is not at hand`, {
      hint: 'give the file together with the model',
    });
  }
  if (at.length === undefined && source.size - at.offset !== length) {
    const message = `tensor ${shown(tensor)} needs ${length} bytes, and the rest of its file has ${source.size - at.offset}`;
    throw new AssayError('malformed', message, { subject: at.location });
  }
  if (at.offset + length > source.size) {
    const message = `tensor ${shown(tensor)} ends at ${at.offset + length}, beyond the file`;
    throw new AssayError('truncated', message, { subject: at.location });
  }
  return { source, offset: at.offset, length };
}

async function decode(
  tensor: OnnxTensor,
  runs: readonly SourceRange[],
  length: number,
  budget: FileBudget,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const { bits } = typeFacts(tensor.type);
  const width = Math.min(8, Math.max(1, bits / 8));
  let at = 0;
  const wrong = () => new AssayError('malformed', `tensor ${shown(tensor)} does not have as many elements as it says`);
  const put = (value: VarintReader): void => {
    if (at + width > length) throw wrong();
    putNumber(view, at, width, value);
    at += width;
  };
  const varint = new VarintReader();
  for (const run of runs) {
    const cursor = new ProtoCursor(run.source, budget, run.offset);
    const end = run.offset + run.length;
    while (cursor.next(end) || (await cursor.more(end))) {
      budget.work(WORK_PER_NUMBER);
      if (cursor.wire === 0) {
        put(cursor.varint);
        continue;
      }
      budget.hold(cursor.end - cursor.start);
      const content = cursor.wire === 2 ? await cursor.content(Number.MAX_SAFE_INTEGER) : cursor.fixed();
      budget.release(cursor.end - cursor.start);
      if (isFloating(tensor)) {
        if (at + content.length > length) throw wrong();
        bytes.set(content, at);
        at += content.length;
        continue;
      }
      for (let from = 0; from < content.length; from = varint.next) {
        varint.read(content, from, content.length);
        put(varint);
      }
    }
  }
  if (at !== length) throw wrong();
  return bytes;
}

/** Fixed-width elements lie in their lists as they lie in raw data. */
function isFloating(tensor: OnnxTensor): boolean {
  const { field } = typeFacts(tensor.type);
  return field === 'floats' || field === 'doubles';
}

function putNumber(view: DataView, at: number, width: number, value: VarintReader): void {
  if (width === 1) view.setUint8(at, value.low & 0xff);
  else if (width === 2) view.setUint16(at, value.low & 0xffff, true);
  else {
    view.setUint32(at, value.low, true);
    if (width === 8) view.setUint32(at + 4, value.high, true);
  }
}

function stringsAsBytes(tensor: OnnxTensor): AssayError {
  return new AssayError('unsupported', `tensor ${shown(tensor)} holds strings, not numbers`);
}

function shown({ name }: OnnxTensor): string {
  return JSON.stringify(name.slice(0, 80));
}
