/** A field of a message: a number is a varint, a text or bytes or a message has a length. */
export type ProtoField = readonly [number: number, value: number | bigint | string | Uint8Array];

/** Writes fields as they are given, in order: twice, unknown or of a wrong type as well. */
export function proto(...fields: readonly ProtoField[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint') return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

export type Attribute = Uint8Array;

/** Values of attributes (AttrValue). */
export const attribute = {
  text: (text: string | Uint8Array): Attribute => proto([2, text]),
  type: (type: number): Attribute => proto([6, type]),
  tensor: (tensor: Uint8Array): Attribute => proto([8, tensor]),
  function: (name: string): Attribute => proto([10, proto([1, name])]),
  functions: (...names: readonly string[]): Attribute =>
    proto([1, proto(...names.map((name) => [9, proto([1, name])] as const))]),
};

export const STRING = 7;

/** A TensorProto of texts. */
export function texts(...values: readonly (string | Uint8Array)[]): Uint8Array {
  const dims = values.length === 1 ? [] : [[2, proto([1, values.length])] as const];
  return proto([1, STRING], [2, proto(...dims)], ...values.map((value) => [8, value] as const));
}

/** A TensorProto of any type without elements. */
export function emptyTensor(type: number, ...dims: readonly (number | bigint)[]): Uint8Array {
  return proto([1, type], [2, proto(...dims.map((dim) => [2, proto([1, dim])] as const))]);
}

export function node(
  name: string,
  op: string,
  inputs: readonly string[] = [],
  attributes: Readonly<Record<string, Attribute>> = {},
): Uint8Array {
  return proto(
    [1, name],
    [2, op],
    ...inputs.map((input) => [3, input] as const),
    ...Object.entries(attributes).map(([key, value]) => [5, proto([1, key], [2, value])] as const),
  );
}

/** A constant of one text, or of several. */
export function constant(name: string, ...values: readonly (string | Uint8Array)[]): Uint8Array {
  return node(name, 'Const', [], { value: attribute.tensor(texts(...values)), dtype: attribute.type(STRING) });
}

export function functionDef(name: string, given: readonly string[], ...nodes: readonly Uint8Array[]): Uint8Array {
  const signature = proto([1, name], ...given.map((argument) => [2, proto([1, argument])] as const));
  return proto([1, signature], ...nodes.map((one) => [3, one] as const));
}

export function graphDef(nodes: readonly Uint8Array[], functions: readonly Uint8Array[] = []): Uint8Array {
  const library = functions.map((one) => [1, one] as const);
  return proto(
    ...nodes.map((one) => [1, one] as const),
    ...(library.length > 0 ? [[2, proto(...library)] as const] : []),
  );
}

/** A SavedModel of one graph. @param more fields of its MetaGraphDef */
export function savedModel(graph: Uint8Array, ...more: readonly ProtoField[]): Uint8Array {
  return proto([1, 1], [2, proto([1, proto([4, 'serve'])], [2, graph], ...more)]);
}

/** A MetaGraphDef's saver: the node that is fed the path, and the node that restores. */
export function saver(path: string, restore: string): ProtoField {
  return [3, proto([1, path], [3, restore])];
}

export function collection(key: string, ...nodes: readonly string[]): ProtoField {
  return [4, proto([1, key], [2, proto([1, proto(...nodes.map((name) => [1, name] as const))])])];
}

export function asset(tensor: string, file: string): ProtoField {
  return [6, proto([1, proto([1, tensor])], [2, file])];
}

/** A signature, by the tensors that it takes and gives. */
export function signature(key: string, inputs: readonly string[], outputs: readonly string[]): ProtoField {
  const entries = (field: number, names: readonly string[]) =>
    names.map((name) => [field, proto([1, name], [2, proto([1, `${name}:0`])])] as const);
  return [5, proto([1, key], [2, proto(...entries(1, inputs), ...entries(2, outputs))])];
}
