import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, FileBudget, type Limits } from '../../../core/index.ts';
import { ProtoCursor, type UnreadField } from '../../protobuf/index.ts';
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxProperty,
  OnnxTraining,
  OnnxValue,
} from '../model.ts';
import { readGraph, readGraphAttribute, readNode } from './graph.ts';
import { type ExternalReference, MessageReader } from './message-reader.ts';
import { readOpset, readProperty, readValue } from './values.ts';

export interface ReadOnnxOptions {
  readonly limits?: Limits;
  /** What is read is charged to it; one of its own when absent. */
  readonly budget?: FileBudget;
}

export interface OnnxReading {
  readonly model: OnnxModel;
  /** All references to bytes outside of the model, wherever they stand: subgraphs, functions and training included. */
  readonly external: readonly ExternalReference[];
  /** The first thousand fields that were stepped over, and how many there are. */
  readonly unread: readonly UnreadField[];
  readonly unreadCount: number;
}

/**
 * Reads the graph of an ONNX model, and of its tensors where they lie. Refused is what readers of the format do not agree on:
 * a field that comes twice where one is expected, two values of an attribute, a tensor whose bytes do not fit its dimensions.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`; what reading the source throws
 */
export async function readOnnx(source: ByteSource, options: ReadOnnxOptions = {}): Promise<OnnxReading> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const budget = options.budget ?? new FileBudget(limits, source.size);
  const reader = new MessageReader(new ProtoCursor(source, budget), limits);
  const model = await readModel(reader, source.size);
  const { external, unread, unreadCount } = reader;
  return { model, external, unread, unreadCount };
}

async function readModel(reader: MessageReader, end: number): Promise<OnnxModel> {
  const { cursor } = reader;
  let seen = 0;
  let irVersion = 0;
  let producerName = '';
  let producerVersion = '';
  let domain = '';
  let modelVersion = 0n;
  let docString = '';
  let graph: OnnxGraph | undefined;
  const opsets: OnnxOpset[] = [];
  const metadata: OnnxProperty[] = [];
  const training: OnnxTraining[] = [];
  const functions: OnnxFunction[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number <= 7) seen = reader.once(seen);
    if (number === 1) irVersion = cursor.integer();
    else if (number === 2) producerName = await reader.text();
    else if (number === 3) producerVersion = await reader.text();
    else if (number === 4) domain = await reader.text();
    else if (number === 5) modelVersion = cursor.int64();
    else if (number === 6) docString = await reader.text();
    else if (number === 7) graph = await reader.nested(readGraph);
    else if (number === 8) opsets.push(await reader.nested(readOpset));
    else if (number === 14) metadata.push(await reader.nested(readProperty));
    else if (number === 20) training.push(await reader.nested(readTraining));
    else if (number === 25) functions.push(await reader.nested(readFunction));
    else reader.skip('ModelProto');
  }
  if (graph === undefined) {
    throw new AssayError('malformed', 'the model has no graph', { subject: cursor.source.name });
  }
  return {
    irVersion,
    opsets,
    producerName,
    producerVersion,
    domain,
    modelVersion,
    docString,
    metadata,
    graph,
    functions,
    training,
  };
}

async function readFunction(reader: MessageReader, end: number): Promise<OnnxFunction> {
  const { cursor } = reader;
  let seen = 0;
  const texts = new Map<number, string>();
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: string[] = [];
  const defaults: OnnxAttribute[] = [];
  const nodes: OnnxNode[] = [];
  const opsets: OnnxOpset[] = [];
  const values: OnnxValue[] = [];
  const metadata: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1 || number === 8 || number === 10 || number === 13) {
      seen = reader.once(seen);
      texts.set(number, await reader.text());
    } else if (number === 4) inputs.push(await reader.text());
    else if (number === 5) outputs.push(await reader.text());
    else if (number === 6) attributes.push(await reader.text());
    else if (number === 7) nodes.push(await reader.nested(readNode));
    else if (number === 9) opsets.push(await reader.nested(readOpset));
    else if (number === 11) defaults.push(await reader.nested(readGraphAttribute));
    else if (number === 12) values.push(await reader.nested(readValue));
    else if (number === 14) metadata.push(await reader.nested(readProperty));
    else reader.skip('FunctionProto');
  }
  return {
    name: texts.get(1) ?? '',
    docString: texts.get(8) ?? '',
    domain: texts.get(10) ?? '',
    overload: texts.get(13) ?? '',
    inputs,
    outputs,
    attributes,
    defaults,
    nodes,
    opsets,
    values,
    metadata,
  };
}

async function readTraining(reader: MessageReader, end: number): Promise<OnnxTraining> {
  const { cursor } = reader;
  let seen = 0;
  let initialization: OnnxGraph | undefined;
  let algorithm: OnnxGraph | undefined;
  const initializationBindings: OnnxProperty[] = [];
  const updateBindings: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1 || number === 2) seen = reader.once(seen);
    if (number === 1) initialization = await reader.nested(readGraph);
    else if (number === 2) algorithm = await reader.nested(readGraph);
    else if (number === 3) initializationBindings.push(await reader.nested(readProperty));
    else if (number === 4) updateBindings.push(await reader.nested(readProperty));
    else reader.skip('TrainingInfoProto');
  }
  return { initialization, algorithm, initializationBindings, updateBindings };
}
