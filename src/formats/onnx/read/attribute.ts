import { AssayError } from '../../../core/index.ts';
import type {
  OnnxAttribute,
  OnnxAttributeType,
  OnnxAttributeValue,
  OnnxGraph,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxType,
} from '../model.ts';
import { floatList, intList } from './growing.ts';
import type { MessageReader } from './message-reader.ts';
import { readSparseTensor, readTensor } from './tensor.ts';
import { readType } from './values.ts';

/** Reads a graph; handed in, since graphs hold attributes that hold graphs. */
export type ReadGraph = (reader: MessageReader, end: number) => Promise<OnnxGraph>;

/** AttributeProto.AttributeType. */
const TYPES: ReadonlyMap<number, OnnxAttributeType> = new Map([
  [1, 'float'],
  [2, 'int'],
  [3, 'string'],
  [4, 'tensor'],
  [5, 'graph'],
  [6, 'floats'],
  [7, 'ints'],
  [8, 'strings'],
  [9, 'tensors'],
  [10, 'graphs'],
  [11, 'sparse-tensor'],
  [12, 'sparse-tensors'],
  [13, 'type'],
  [14, 'types'],
]);

/** The type that a field of AttributeProto holds a value of. */
const FIELDS: ReadonlyMap<number, OnnxAttributeType> = new Map([
  [2, 'float'],
  [3, 'int'],
  [4, 'string'],
  [5, 'tensor'],
  [6, 'graph'],
  [7, 'floats'],
  [8, 'ints'],
  [9, 'strings'],
  [10, 'tensors'],
  [11, 'graphs'],
  [14, 'type'],
  [15, 'types'],
  [22, 'sparse-tensor'],
  [23, 'sparse-tensors'],
]);

/** Of these a message without the field is a value, too: a writer of proto3 leaves out zeros and empty lists. */
const EMPTY: Uint8Array = new Uint8Array(0);

/** The values of one attribute as they come. */
class Values {
  readonly #reader: MessageReader;
  readonly #readGraph: ReadGraph;
  readonly #floats;
  readonly #ints;
  readonly #strings: Uint8Array[] = [];
  readonly #tensors: OnnxTensor[] = [];
  readonly #graphs: OnnxGraph[] = [];
  readonly #sparse: OnnxSparseTensor[] = [];
  readonly #types: OnnxType[] = [];
  #float = 0;
  #int = 0n;
  #string: Uint8Array = EMPTY;

  constructor(reader: MessageReader, readGraph: ReadGraph) {
    this.#reader = reader;
    this.#readGraph = readGraph;
    this.#floats = floatList(reader.cursor.budget);
    this.#ints = intList(reader.cursor.budget);
  }

  /** Takes the current field, which holds a value of `type`. */
  async take(type: OnnxAttributeType): Promise<void> {
    const reader = this.#reader;
    switch (type) {
      case 'float':
        this.#float = reader.cursor.float();
        return;
      case 'int':
        this.#int = reader.cursor.int64();
        return;
      case 'string':
        this.#string = await reader.bytes();
        return;
      case 'floats':
        return reader.floats((value) => this.#floats.push(value));
      case 'ints':
        return reader.integers((value) => this.#ints.push(value.int64()));
      case 'strings':
        this.#strings.push(await reader.bytes());
        return;
      case 'tensor':
      case 'tensors':
        this.#tensors.push(await reader.nested(readTensor));
        return;
      case 'graph':
      case 'graphs':
        this.#graphs.push(await reader.nested(this.#readGraph));
        return;
      case 'sparse-tensor':
      case 'sparse-tensors':
        this.#sparse.push(await reader.nested(readSparseTensor));
        return;
      case 'type':
      case 'types': {
        const value = await reader.nested(readType);
        if (value === undefined) throw reader.cursor.bad('a type as an attribute that says nothing');
        this.#types.push(value);
      }
    }
  }

  /** @returns undefined where a value is missing that has no default */
  value(type: OnnxAttributeType): OnnxAttributeValue | undefined {
    switch (type) {
      case 'float':
        return { type, value: this.#float };
      case 'int':
        return { type, value: this.#int };
      case 'string':
        return { type, value: this.#string };
      case 'floats':
        return { type, value: this.#floats.all.subarray(0, this.#floats.length) };
      case 'ints':
        return { type, value: this.#ints.all.subarray(0, this.#ints.length) };
      case 'strings':
        return { type, value: this.#strings };
      case 'tensors':
        return { type, value: this.#tensors };
      case 'graphs':
        return { type, value: this.#graphs };
      case 'sparse-tensors':
        return { type, value: this.#sparse };
      case 'types':
        return { type, value: this.#types };
      case 'tensor':
        return single(type, this.#tensors[0]);
      case 'graph':
        return single(type, this.#graphs[0]);
      case 'sparse-tensor':
        return single(type, this.#sparse[0]);
      case 'type':
        return single(type, this.#types[0]);
    }
  }
}

function single<T extends OnnxAttributeType, V>(
  type: T,
  value: V | undefined,
): { readonly type: T; readonly value: V } | undefined {
  return value === undefined ? undefined : { type, value };
}

export async function readAttribute(reader: MessageReader, end: number, readGraph: ReadGraph): Promise<OnnxAttribute> {
  const { cursor } = reader;
  const at = cursor.tagAt;
  const values = new Values(reader, readGraph);
  let seen = 0;
  let name = '';
  let docString = '';
  let reference = '';
  let code = 0;
  let held: OnnxAttributeType | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    const type = FIELDS.get(number);
    if (type !== undefined) {
      if (held !== undefined && held !== type)
        throw cursor.bad(`an attribute with values of the types ${held} and ${type}`);
      if (!type.endsWith('s')) seen = reader.once(seen);
      held = type;
      await values.take(type);
    } else if (number === 1 || number === 13 || number === 20 || number === 21) {
      seen = reader.once(seen);
      if (number === 1) name = await reader.text();
      else if (number === 13) docString = await reader.text();
      else if (number === 20) code = cursor.integer();
      else reference = await reader.text();
    } else reader.skip('AttributeProto');
  }
  const bad = (what: string) =>
    new AssayError('malformed', `attribute ${JSON.stringify(name.slice(0, 80))} ${what}`, { offset: at });
  const named = TYPES.get(code);
  if (code !== 0 && named === undefined) {
    throw new AssayError('unsupported', `an attribute of the unknown type ${code}`, { offset: at });
  }
  if (reference !== '') {
    if (held !== undefined) throw bad('has a value and refers to one');
    return { name, docString, type: 'reference', to: reference, valueType: named };
  }
  // Before IR version 2, the type was not given.
  const type = named ?? held;
  if (type === undefined) throw bad('has no value');
  if (held !== undefined && held !== type) throw bad(`is of type ${type}, and has a value of type ${held}`);
  const value = values.value(type);
  if (value === undefined) throw bad(`is of type ${type}, and has no value`);
  return { name, docString, ...value };
}
