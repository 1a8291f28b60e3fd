import { type ByteSource, MemorySource, type SourceRange } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import {
  bundleRange,
  bundleText,
  type CheckpointObject,
  readCheckpointObjects,
  readGraphDef,
  readSavedModel,
  readTensorBundle,
  type SavedObjects,
  type TensorBundle,
  type TfGraph,
  type TfPort,
  type TfSignature,
  type TfType,
} from '../../../formats/tensorflow/index.ts';
import type { InputFile, TensorReadOptions } from '../../tensors/index.ts';
import { dataInputs, nodeQuoted, nodesByName, referenceOf } from '../graph/index.ts';

/** A saved variable. */
export interface SavedVariable {
  readonly type: TfType;
  readonly dims: readonly number[];
  readonly range: SourceRange;
}

/** The objects of a model, with those of its checkpoint. */
export interface LoadedObjects {
  readonly saved: SavedObjects;
  readonly checkpoint: readonly CheckpointObject[];
  /** The name of the signature that is converted. */
  readonly signature: string;
}

/** A model that was read, with where its variables are. */
export interface OpenedModel {
  readonly graph: TfGraph;
  readonly signature: Pick<TfSignature, 'inputs' | 'outputs'>;
  /** The operation that restores variables, and those that run when the model is loaded. */
  readonly restore: string | undefined;
  readonly initial: readonly string[];
  /** What Python's loader makes of it, where it does not load the graph. */
  readonly objects?: LoadedObjects;
  /** @throws AssayError for a key that is not saved */
  variable(key: string): SavedVariable;
}

const SERVING = 'serving_default';
const INIT_SIGNATURE = '__saved_model_init_op';

/**
 * Reads a SavedModel: the graph with the tag `serve`, and its signature.
 * @param variables the files of its folder `variables`, by their names
 */
export async function openSavedModel(
  { path, source }: InputFile,
  variables: ReadonlyMap<string, ByteSource>,
  options: TensorReadOptions,
): Promise<OpenedModel> {
  const { metaGraphs } = await readSavedModel(source, options);
  const serving = metaGraphs.filter(({ tags }) => tags.includes('serve'));
  const [metaGraph, ...others] = serving.length > 0 ? serving : metaGraphs;
  if (metaGraph === undefined || others.length > 0)
    throw new AssayError('unsupported', `has ${metaGraph === undefined ? 'no' : 'several'} graphs to serve`, {
      subject: path,
    });
  const { graph, signatures, restore, objects, initial = [] } = metaGraph;
  const bundle = await bundleOf(variables, options);
  const [name, signature] = signatureOf(signatures, path);
  // Python loads the graph of a model without objects, or of one with several graphs.
  const isLoadedAsObjects = objects !== undefined && metaGraphs.length === 1;
  const checkpoint = isLoadedAsObjects ? await checkpointObjects(bundle, options) : [];
  return {
    graph,
    signature,
    restore,
    ...(isLoadedAsObjects ? { objects: { saved: objects, checkpoint, signature: name } } : {}),
    initial: [...initial, ...initOutputs(signatures)],
    variable: (key) => saved(bundle, key),
  };
}

function initOutputs(signatures: ReadonlyMap<string, TfSignature>): string[] {
  return [...(signatures.get(INIT_SIGNATURE)?.outputs.values() ?? [])].map(({ tensor }) => referenceOf(tensor).node);
}

const OBJECTS = '_CHECKPOINTABLE_OBJECT_GRAPH';

/** The objects that variables were saved as; none where they were saved by their names alone. */
async function checkpointObjects(
  opened: OpenedBundle | undefined,
  { budget }: TensorReadOptions,
): Promise<readonly CheckpointObject[]> {
  const entry = opened?.bundle.entries.get(OBJECTS);
  if (opened === undefined || entry === undefined) return [];
  const bytes = await bundleText(OBJECTS, entry, opened.shards, budget);
  return await readCheckpointObjects(new MemorySource(bytes, OBJECTS), budget);
}

function signatureOf(
  signatures: ReadonlyMap<string, TfSignature>,
  path: string,
): readonly [name: string, signature: TfSignature] {
  const named = [...signatures].filter(([name]) => name !== INIT_SIGNATURE);
  const serving = signatures.get(SERVING);
  if (serving !== undefined) return [SERVING, serving];
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0) return only;
  throw new AssayError('unsupported', `has no signature ${SERVING}`, {
    subject: path,
    hint: 'save the model with a signature: tf.saved_model.save(model, folder, signatures=...), or model.export(folder)',
  });
}

interface OpenedBundle {
  readonly bundle: TensorBundle;
  readonly shards: ReadonlyMap<number, ByteSource>;
}

const SHARD = /^variables\.data-(\d{5})-of-(\d{5})$/;

async function bundleOf(
  files: ReadonlyMap<string, ByteSource>,
  { budget }: TensorReadOptions,
): Promise<OpenedBundle | undefined> {
  const index = files.get('variables.index');
  if (index === undefined) return undefined;
  const bundle = await readTensorBundle(index, budget);
  const shards = new Map<number, ByteSource>();
  for (const [name, source] of files) {
    const [, shard, count] = SHARD.exec(name) ?? [];
    if (shard !== undefined && Number(count) === bundle.shards) shards.set(Number(shard), source);
  }
  return { bundle, shards };
}

function saved(opened: OpenedBundle | undefined, key: string): SavedVariable {
  const entry = opened?.bundle.entries.get(key);
  if (opened === undefined || entry === undefined)
    throw new AssayError('unsupported', `the variable ${nodeQuoted(key)} is not in the folder "variables"`, {
      hint: 'give the whole folder of the model',
    });
  return { type: entry.type, dims: entry.dims, range: bundleRange(key, entry, opened.shards) };
}

/** Reads a frozen graph: its inputs are its placeholders, and its outputs what nothing takes. */
export async function openFrozen({ source }: InputFile, options: TensorReadOptions): Promise<OpenedModel> {
  const graph = await readGraphDef(source, options);
  const nodes = nodesByName(graph.nodes);
  const taken = new Set(
    [...nodes.values()].flatMap((node) => dataInputs(node).map((input) => referenceOf(input).node)),
  );
  const inputs = new Map<string, TfPort>();
  const outputs = new Map<string, TfPort>();
  for (const { name, op, attributes } of nodes.values()) {
    const type = attributes.get('dtype');
    const shape = attributes.get('shape');
    if (op === 'Placeholder') {
      if (type?.kind !== 'type') throw new AssayError('malformed', `the placeholder ${nodeQuoted(name)} has no type`);
      inputs.set(name, {
        tensor: `${name}:0`,
        type: type.value,
        shape: shape?.kind === 'shape' ? shape.value : undefined,
      });
    } else if (!taken.has(name) && op !== 'NoOp' && op !== 'Const' && op !== 'Assert')
      outputs.set(name, { tensor: `${name}:0`, type: 'float32', shape: undefined });
  }
  return {
    graph,
    signature: { inputs, outputs },
    restore: undefined,
    initial: [],
    variable: (key) => saved(undefined, key),
  };
}
