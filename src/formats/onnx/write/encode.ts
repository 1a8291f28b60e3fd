import { AssayError } from '../../../core/index.ts';
import { ProtoWriter } from '../../protobuf/index.ts';
import { byteLength, elementCount, type TypedField, typeFacts } from '../data-type.ts';
import type {
  OnnxAttribute,
  OnnxAttributeType,
  OnnxExternalData,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxProperty,
  OnnxQuantization,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxTraining,
  OnnxValue,
} from '../model.ts';
import { typeMessage } from './types.ts';

/** Where a tensor is written that does not stay in the model; undefined for one that does. */
export type Placement = (tensor: OnnxTensor) => OnnxExternalData | undefined;

const ATTRIBUTE_CODES: Readonly<Record<OnnxAttributeType, number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  'sparse-tensor': 11,
  'sparse-tensors': 12,
  type: 13,
  types: 14,
};

/** Writes messages in the order of their field numbers, so that equal models are equal bytes. */
export class ModelEncoder {
  readonly #place: Placement;

  constructor(place: Placement) {
    this.#place = place;
  }

  model(model: OnnxModel): ProtoWriter {
    const out = new ProtoWriter();
    out.varint(1, model.irVersion);
    text(out, 2, model.producerName);
    text(out, 3, model.producerVersion);
    text(out, 4, model.domain);
    if (model.modelVersion !== 0n) out.varint(5, model.modelVersion);
    text(out, 6, model.docString);
    out.message(7, this.#graph(model.graph));
    each(out, 8, model.opsets, opsetMessage);
    each(out, 14, model.metadata, propertyMessage);
    each(out, 20, model.training, (training) => this.#training(training));
    each(out, 25, model.functions, (one) => this.#function(one));
    return out;
  }

  #graph(graph: OnnxGraph): ProtoWriter {
    const out = new ProtoWriter();
    each(out, 1, graph.nodes, (node) => this.#node(node));
    text(out, 2, graph.name);
    each(out, 5, graph.initializers, (tensor) => this.#tensor(tensor));
    text(out, 10, graph.docString);
    each(out, 11, graph.inputs, valueMessage);
    each(out, 12, graph.outputs, valueMessage);
    each(out, 13, graph.values, valueMessage);
    each(out, 14, graph.quantization, quantizationMessage);
    each(out, 15, graph.sparseInitializers, (tensor) => this.#sparse(tensor));
    each(out, 16, graph.metadata, propertyMessage);
    return out;
  }

  #node(node: OnnxNode): ProtoWriter {
    const out = new ProtoWriter();
    for (const input of node.inputs) out.text(1, input);
    for (const output of node.outputs) out.text(2, output);
    text(out, 3, node.name);
    out.text(4, node.op);
    each(out, 5, node.attributes, (attribute) => this.#attribute(attribute));
    text(out, 6, node.docString);
    text(out, 7, node.domain);
    text(out, 8, node.overload);
    each(out, 9, node.metadata, propertyMessage);
    return out;
  }

  #attribute(attribute: OnnxAttribute): ProtoWriter {
    const out = new ProtoWriter();
    out.text(1, attribute.name);
    if (attribute.type === 'reference') {
      text(out, 13, attribute.docString);
      if (attribute.valueType !== undefined) out.varint(20, ATTRIBUTE_CODES[attribute.valueType]);
      out.text(21, attribute.to);
      return out;
    }
    this.#attributeValue(out, attribute);
    text(out, 13, attribute.docString);
    out.varint(20, ATTRIBUTE_CODES[attribute.type]);
    return out;
  }

  #attributeValue(out: ProtoWriter, attribute: Exclude<OnnxAttribute, { readonly type: 'reference' }>): void {
    switch (attribute.type) {
      case 'float':
        out.float(2, attribute.value);
        break;
      case 'int':
        out.varint(3, attribute.value);
        break;
      case 'string':
        out.bytes(4, attribute.value);
        break;
      case 'tensor':
        out.message(5, this.#tensor(attribute.value));
        break;
      case 'graph':
        out.message(6, this.#graph(attribute.value));
        break;
      case 'floats':
        out.packedFloats(7, attribute.value);
        break;
      case 'ints':
        out.packedVarints(8, attribute.value);
        break;
      case 'strings':
        for (const value of attribute.value) out.bytes(9, value);
        break;
      case 'tensors':
        each(out, 10, attribute.value, (tensor) => this.#tensor(tensor));
        break;
      case 'graphs':
        each(out, 11, attribute.value, (graph) => this.#graph(graph));
        break;
      case 'type':
        out.message(14, typeMessage(attribute.value));
        break;
      case 'types':
        each(out, 15, attribute.value, typeMessage);
        break;
      case 'sparse-tensor':
        out.message(22, this.#sparse(attribute.value));
        break;
      case 'sparse-tensors':
        each(out, 23, attribute.value, (tensor) => this.#sparse(tensor));
        break;
    }
  }

  #tensor(tensor: OnnxTensor): ProtoWriter {
    const out = new ProtoWriter();
    out.packedVarints(1, tensor.dims);
    out.varint(2, typeFacts(tensor.type).code);
    const external = this.#place(tensor);
    if (external === undefined) writeElements(out, tensor);
    text(out, 8, tensor.name);
    if (external === undefined && tensor.data.kind === 'raw') out.range(9, tensor.data.range);
    text(out, 12, tensor.docString);
    if (external !== undefined) {
      each(out, 13, externalEntries(external), propertyMessage);
      out.varint(14, 1);
    }
    each(out, 16, tensor.metadata, propertyMessage);
    return out;
  }

  #sparse({ values, indices, dims }: OnnxSparseTensor): ProtoWriter {
    const out = new ProtoWriter();
    out.message(1, this.#tensor(values));
    out.message(2, this.#tensor(indices));
    out.packedVarints(3, dims);
    return out;
  }

  #function(one: OnnxFunction): ProtoWriter {
    const out = new ProtoWriter();
    out.text(1, one.name);
    for (const input of one.inputs) out.text(4, input);
    for (const output of one.outputs) out.text(5, output);
    for (const attribute of one.attributes) out.text(6, attribute);
    each(out, 7, one.nodes, (node) => this.#node(node));
    text(out, 8, one.docString);
    each(out, 9, one.opsets, opsetMessage);
    text(out, 10, one.domain);
    each(out, 11, one.defaults, (attribute) => this.#attribute(attribute));
    each(out, 12, one.values, valueMessage);
    text(out, 13, one.overload);
    each(out, 14, one.metadata, propertyMessage);
    return out;
  }

  #training(training: OnnxTraining): ProtoWriter {
    const out = new ProtoWriter();
    if (training.initialization !== undefined) out.message(1, this.#graph(training.initialization));
    if (training.algorithm !== undefined) out.message(2, this.#graph(training.algorithm));
    each(out, 3, training.initializationBindings, propertyMessage);
    each(out, 4, training.updateBindings, propertyMessage);
    return out;
  }
}

/** The lists of TensorProto, by what their fields hold; runs bring their tags along. */
const STRINGS = 6;

function writeElements(out: ProtoWriter, tensor: OnnxTensor): void {
  const { data, type, dims, name } = tensor;
  const count = elementCount(dims, name);
  const wrong = (what: string) =>
    new AssayError('malformed', `tensor ${JSON.stringify(name.slice(0, 80))} ${what}, and cannot be written`);
  if (data.kind === 'typed') {
    const field: TypedField = typeFacts(type).field;
    if (data.field !== field) throw wrong(`has elements of type ${type} in a list of ${data.field}`);
    for (const run of data.runs) out.fields(run);
  } else if (data.kind === 'strings') {
    if (type !== 'string' || data.values.length !== count) throw wrong(`does not have ${count} strings`);
    for (const value of data.values) out.bytes(STRINGS, value);
  } else if (data.kind === 'raw' && (type === 'string' || data.range.length !== byteLength(type, count))) {
    throw wrong(`has ${data.range.length} bytes for ${count} elements of type ${type}`);
  }
}

function externalEntries({ location, offset, length, checksum, others }: OnnxExternalData): OnnxProperty[] {
  const entries = [
    { key: 'location', value: location },
    { key: 'offset', value: String(offset) },
  ];
  if (length !== undefined) entries.push({ key: 'length', value: String(length) });
  if (checksum !== undefined) entries.push({ key: 'checksum', value: checksum });
  return [...entries, ...others];
}

function valueMessage({ name, type, docString, metadata }: OnnxValue): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, name);
  if (type !== undefined) out.message(2, typeMessage(type));
  text(out, 3, docString);
  each(out, 4, metadata, propertyMessage);
  return out;
}

function opsetMessage({ domain, version }: OnnxOpset): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, domain);
  out.varint(2, version);
  return out;
}

function propertyMessage({ key, value }: OnnxProperty): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, key);
  out.text(2, value);
  return out;
}

function quantizationMessage({ tensor, parameters }: OnnxQuantization): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, tensor);
  each(out, 2, parameters, propertyMessage);
  return out;
}

/** A field of text, which is left out when it is empty. */
function text(out: ProtoWriter, number: number, value: string): void {
  if (value !== '') out.text(number, value);
}

function each<T>(out: ProtoWriter, number: number, items: readonly T[], message: (item: T) => ProtoWriter): void {
  for (const item of items) out.message(number, message(item));
}
