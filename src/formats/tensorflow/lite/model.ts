import { AssayError, type FileBudget } from '../../../core/index.ts';
import { type FbTable, FlatBuffer } from '../../flatbuffer/index.ts';

/** An operator that a model of TensorFlow Lite names (schema.fbs): its number as older and as newer runtimes read it. */
export interface LiteOperator {
  readonly builtin: number;
  readonly deprecated: number;
  /** The name of one that the program registers; empty for those of TensorFlow Lite. */
  readonly custom: string;
}

export interface LiteModel {
  readonly operators: readonly LiteOperator[];
  /** Options of operators that the program registers: which operator, and the bytes. */
  readonly options: readonly { readonly operator: number; readonly bytes: Uint8Array }[];
  /** Files beside the model that hold tensors. */
  readonly external: readonly string[];
  /** Bytes of the model's metadata, by their names. */
  readonly metadata: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

const MAX_OPERATORS = 1_000_000;
const ENTRY_BYTES = 128;

/**
 * Reads a model of TensorFlow Lite. All offsets and indexes are proved to be in range: the runtime's own verifier is optional.
 * @param bytes the whole file @param size bytes of the file
 * @throws AssayError `malformed`, `limit`
 */
export function readLiteModel(bytes: Uint8Array, budget: FileBudget): LiteModel {
  return new LiteReader(bytes, budget).read();
}

class LiteReader {
  readonly #buffer: FlatBuffer;
  readonly #budget: FileBudget;
  readonly #options: { operator: number; bytes: Uint8Array }[] = [];

  constructor(bytes: Uint8Array, budget: FileBudget) {
    this.#buffer = new FlatBuffer(bytes, budget);
    this.#budget = budget;
  }

  read(): LiteModel {
    const model = this.#buffer.root();
    const operators = this.#counted(model, 1).map((code) => ({
      builtin: code.i32(3, 0),
      deprecated: signed(code.u8(0, 0)),
      custom: code.text(1) ?? '',
    }));
    const buffers = this.#counted(model, 4);
    for (const buffer of buffers) this.#checkBuffer(buffer);
    for (const graph of this.#counted(model, 2)) this.#graph(graph, operators.length, buffers.length);
    const metadata = this.#counted(model, 6).map((entry) => {
      const buffer = buffers[this.#index(entry.i32(1, 0), buffers.length, 'buffer')];
      const held = buffer?.vector(0, 1) ?? { at: 0, length: 0 };
      return { name: entry.text(0) ?? '', bytes: this.#buffer.bytes(held) };
    });
    const external = this.#counted(model, 8).map((group) => group.text(0) ?? '');
    return { operators, options: this.#options, external, metadata };
  }

  #graph(graph: FbTable, operators: number, buffers: number): void {
    const tensors = this.#counted(graph, 0);
    for (const tensor of tensors) this.#index(tensor.i32(2, 0), buffers, 'buffer');
    for (const field of [1, 2]) this.#indexes(graph, field, tensors.length);
    for (const operator of this.#counted(graph, 3)) {
      const code = this.#index(operator.i32(0, 0), operators, 'operator');
      for (const field of [1, 2, 8]) this.#indexes(operator, field, tensors.length);
      const options = operator.vector(5, 1);
      if (options.length > 0) this.#options.push({ operator: code, bytes: this.#buffer.bytes(options) });
      // Options behind the buffer, which models of more than 2 GB have.
      if (operator.u64(9) > 1n) throw new AssayError('unsupported', 'an operator has its options behind the model');
    }
  }

  #checkBuffer(buffer: FbTable): void {
    buffer.vector(0, 1);
    const [offset, size] = [buffer.u64(1), buffer.u64(2)];
    if (offset > 1n && offset + size > BigInt(this.#buffer.size))
      throw new AssayError('malformed', `a buffer of ${size} bytes at ${offset} is not in the file`);
  }

  /** Tensors that an operator or a graph names; -1 stands for one that is left out. */
  #indexes(table: FbTable, field: number, count: number): void {
    for (const index of table.i32s(field)) if (index !== -1) this.#index(index, count, 'tensor');
  }

  #index(index: number, count: number, what: string): number {
    if (index < 0 || index >= count) throw new AssayError('malformed', `the ${what} ${index} of ${count}`);
    return index;
  }

  #counted(table: FbTable, field: number): FbTable[] {
    const { length } = table.vector(field, 4);
    if (length > MAX_OPERATORS) throw new AssayError('limit', `a model with ${length} parts of one kind`);
    this.#budget.hold(length * ENTRY_BYTES);
    return [...table.tables(field)];
  }
}

function signed(byte: number): number {
  return byte > 127 ? byte - 256 : byte;
}
