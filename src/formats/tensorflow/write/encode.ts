import { AssayError } from '../../../core/index.ts';
import { ProtoWriter } from '../../protobuf/index.ts';
import type { MetaGraph, TfAttribute, TfGraph, TfNode, TfPort, TfShape, TfSignature, TfTensor } from '../model.ts';
import { tfTypeBytes, tfTypeCode } from '../types.ts';

/** Messages of saved_model.proto, meta_graph.proto, graph.proto and what they hold, in the order of their field numbers. */
export function savedModelMessage(metaGraphs: readonly MetaGraph[]): ProtoWriter {
  const out = new ProtoWriter();
  out.varint(1, 1);
  for (const one of metaGraphs) out.message(2, metaGraphMessage(one));
  return out;
}

function metaGraphMessage({ tags, graph, signatures, properties }: MetaGraph): ProtoWriter {
  const info = new ProtoWriter();
  for (const tag of tags) info.text(4, tag);
  const out = new ProtoWriter();
  out.message(1, info);
  out.message(2, graphMessage(graph));
  entries(out, 4, properties, (value) => {
    const list = new ProtoWriter();
    list.text(1, value);
    const collection = new ProtoWriter();
    collection.message(2, list);
    return collection;
  });
  entries(out, 5, signatures, signatureMessage);
  return out;
}

function signatureMessage({ inputs, outputs, method }: TfSignature): ProtoWriter {
  const out = new ProtoWriter();
  entries(out, 1, inputs, portMessage);
  entries(out, 2, outputs, portMessage);
  out.text(3, method);
  return out;
}

function portMessage({ tensor, type, shape }: TfPort): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, tensor);
  out.varint(2, tfTypeCode(type));
  out.message(3, shapeMessage(shape));
  return out;
}

function graphMessage({ nodes, functions, producer, minConsumer }: TfGraph): ProtoWriter {
  const [inner] = functions;
  if (inner !== undefined) throw new AssayError('internal', `the function ${inner.name} cannot be written`);
  const out = new ProtoWriter();
  for (const node of nodes) out.message(1, nodeMessage(node));
  const versions = new ProtoWriter();
  versions.varint(1, producer);
  if (minConsumer !== 0) versions.varint(2, minConsumer);
  out.message(4, versions);
  return out;
}

function nodeMessage({ name, op, inputs, device, attributes }: TfNode): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, name);
  out.text(2, op);
  for (const input of inputs) out.text(3, input);
  if (device !== '') out.text(4, device);
  entries(out, 5, attributes, attributeMessage);
  return out;
}

function attributeMessage(attribute: TfAttribute): ProtoWriter {
  const out = new ProtoWriter();
  switch (attribute.kind) {
    case 'string':
      out.bytes(2, attribute.value);
      break;
    case 'int':
      out.varint(3, attribute.value);
      break;
    case 'float':
      out.float(4, attribute.value);
      break;
    case 'bool':
      out.varint(5, attribute.value ? 1 : 0);
      break;
    case 'type':
      out.varint(6, tfTypeCode(attribute.value));
      break;
    case 'shape':
      out.message(7, shapeMessage(attribute.value));
      break;
    case 'tensor':
      out.message(8, tensorMessage(attribute.value));
      break;
    case 'function': {
      const call = new ProtoWriter();
      call.text(1, attribute.name);
      out.message(10, call);
      break;
    }
    default:
      out.message(1, listMessage(attribute));
  }
  return out;
}

function listMessage(attribute: Extract<TfAttribute, { readonly kind: 'ints' | 'strings' | 'types' }>): ProtoWriter {
  const out = new ProtoWriter();
  switch (attribute.kind) {
    case 'strings':
      for (const value of attribute.value) out.bytes(2, value);
      break;
    case 'ints':
      out.packedVarints(3, attribute.value);
      break;
    case 'types':
      out.packedVarints(6, attribute.value.map(tfTypeCode));
      break;
  }
  return out;
}

function shapeMessage(shape: TfShape): ProtoWriter {
  const out = new ProtoWriter();
  if (shape === undefined) out.varint(3, 1);
  for (const size of shape ?? []) {
    const dimension = new ProtoWriter();
    dimension.varint(1, size ?? -1);
    out.message(2, dimension);
  }
  return out;
}

/** The list of strings of a TensorProto. */
const STRINGS = 8;

function tensorMessage({ type, dims, data }: TfTensor): ProtoWriter {
  const count = dims.includes(0) ? 0 : dims.reduce((product, size) => product * size, 1);
  const bytes = tfTypeBytes(type);
  if (data.kind === 'listed') throw new AssayError('internal', 'a list of elements is not written');
  const fits = data.kind === 'strings' ? data.values.length === count : data.range.length === (bytes ?? 0) * count;
  if (!fits || (data.kind === 'strings') !== (type === 'string') || (data.kind === 'raw' && bytes === undefined))
    throw new AssayError('internal', `the elements of a tensor are not ${type} of shape [${dims.join(', ')}]`);
  const out = new ProtoWriter();
  out.varint(1, tfTypeCode(type));
  out.message(2, shapeMessage(dims));
  if (data.kind === 'strings') for (const value of data.values) out.bytes(STRINGS, value);
  else out.range(4, data.range);
  return out;
}

/** The entries of a map, in its order. */
function entries<T>(
  out: ProtoWriter,
  number: number,
  map: ReadonlyMap<string, T>,
  message: (value: T) => ProtoWriter,
): void {
  for (const [key, value] of map) {
    const entry = new ProtoWriter();
    entry.text(1, key);
    entry.message(2, message(value));
    out.message(number, entry);
  }
}
