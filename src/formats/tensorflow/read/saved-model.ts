import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, FileBudget, type Limits } from '../../../core/index.ts';
import { ProtoCursor, ProtoMessageReader } from '../../protobuf/index.ts';
import type { MetaGraph, SavedModel, TfGraph, TfPort, TfShape, TfSignature } from '../model.ts';
import type { SavedObjects } from '../objects.ts';
import type { TfType } from '../types.ts';
import { readEntry, readGraphMessage } from './graph.ts';
import { readObjectGraph } from './objects.ts';
import { readShape, typeAt } from './values.ts';

export interface TensorflowReadOptions {
  readonly limits?: Limits;
  /** Charged for what is kept; one of its own, of the usual limits, when absent. */
  readonly budget?: FileBudget;
}

/**
 * Reads `saved_model.pb`. Tensors stay in the source.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export async function readSavedModel(source: ByteSource, options: TensorflowReadOptions = {}): Promise<SavedModel> {
  const reader = readerOf(source, options);
  const { cursor } = reader;
  const metaGraphs: MetaGraph[] = [];
  while (cursor.next(source.size) || (await cursor.more(source.size))) {
    if (cursor.number === 2) metaGraphs.push(await reader.nested(readMetaGraph));
    else if (cursor.number !== 1) reader.skip('SavedModel');
  }
  return { metaGraphs };
}

/** Reads a GraphDef that is a file, as of a frozen graph. */
export async function readGraphDef(source: ByteSource, options: TensorflowReadOptions = {}): Promise<TfGraph> {
  return readGraphMessage(readerOf(source, options), source.size);
}

function readerOf(source: ByteSource, options: TensorflowReadOptions): ProtoMessageReader {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const budget = options.budget ?? new FileBudget(limits, source.size);
  return new ProtoMessageReader(new ProtoCursor(source, budget), limits);
}

async function readMetaGraph(reader: ProtoMessageReader, end: number): Promise<MetaGraph> {
  const { cursor } = reader;
  let tags: readonly string[] = [];
  let graph: TfGraph | undefined;
  let restore: string | undefined;
  let objects: SavedObjects | undefined;
  const initial: string[] = [];
  const signatures = new Map<string, TfSignature>();
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) tags = await reader.nested(readTags);
    else if (cursor.number === 2) {
      if (graph !== undefined) throw cursor.bad('a model has two graphs under one tag');
      graph = await reader.nested(readGraphMessage);
    } else if (cursor.number === 3) restore = await reader.nested(readSaver);
    else if (cursor.number === 5) {
      const [key, value] = await reader.nested((inner, stop) => readEntry(inner, stop, readSignatureDef));
      if (signatures.has(key)) throw cursor.bad(`a model has two signatures ${JSON.stringify(key.slice(0, 80))}`);
      if (value !== undefined) signatures.set(key, value);
    } else if (cursor.number === 4) {
      const [key, names] = await reader.nested((inner, stop) => readEntry(inner, stop, readCollection));
      if (INITIAL.has(key)) initial.push(...(names ?? []));
    } else if (cursor.number === 7) {
      if (objects !== undefined) throw cursor.bad('a model has two graphs of objects under one tag');
      objects = await reader.nested(readObjectGraph);
    } else if (cursor.number !== 6) reader.skip('MetaGraphDef');
  }
  if (graph === undefined) throw new AssayError('malformed', 'a model has no graph');
  return {
    tags,
    graph,
    signatures,
    properties: new Map(),
    initial,
    ...(restore === undefined ? {} : { restore }),
    ...(objects === undefined ? {} : { objects }),
  };
}

/** Collections whose operations run when a model is loaded. */
const INITIAL: ReadonlySet<string> = new Set(['saved_model_main_op', 'legacy_init_op']);

/** A CollectionDef: the names of its nodes. */
async function readCollection(reader: ProtoMessageReader, end: number): Promise<readonly string[]> {
  const { cursor } = reader;
  const names: string[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) names.push(...(await reader.nested(readNames)));
    else reader.skip('CollectionDef');
  }
  return names;
}

async function readNames(reader: ProtoMessageReader, end: number): Promise<readonly string[]> {
  const { cursor } = reader;
  const names: string[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) names.push(await reader.text());
    else reader.skip('CollectionDef.NodeList');
  }
  return names;
}

async function readTags(reader: ProtoMessageReader, end: number): Promise<readonly string[]> {
  const { cursor } = reader;
  const tags: string[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 4) tags.push(await reader.text());
    else reader.skip('MetaInfoDef');
  }
  return tags;
}

/** A SaverDef: the operation that restores. */
async function readSaver(reader: ProtoMessageReader, end: number): Promise<string | undefined> {
  const { cursor } = reader;
  let restore = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 3) restore = await reader.text();
    else reader.skip('SaverDef');
  }
  return restore === '' ? undefined : restore;
}

async function readSignatureDef(reader: ProtoMessageReader, end: number): Promise<TfSignature> {
  const { cursor } = reader;
  const inputs = new Map<string, TfPort>();
  const outputs = new Map<string, TfPort>();
  let method = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1 || cursor.number === 2) {
      const ports = cursor.number === 1 ? inputs : outputs;
      const [key, value] = await reader.nested((inner, stop) => readEntry(inner, stop, readPort));
      if (value === undefined || ports.has(key)) throw cursor.bad('a signature has a name twice, or without a tensor');
      ports.set(key, value);
    } else if (cursor.number === 3) method = await reader.text();
    else reader.skip('SignatureDef');
  }
  return { inputs, outputs, method };
}

async function readPort(reader: ProtoMessageReader, end: number): Promise<TfPort> {
  const { cursor } = reader;
  let tensor = '';
  let type: TfType = 'float32';
  let shape: TfShape;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) tensor = await reader.text();
    else if (cursor.number === 2) type = typeAt(reader);
    else if (cursor.number === 3) shape = await reader.nested(readShape);
    else reader.skip('TensorInfo');
  }
  return { tensor, type, shape };
}
