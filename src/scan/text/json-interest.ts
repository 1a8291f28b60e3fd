import { posix } from 'node:path';
import type { JsonEvents, JsonScalar, JsonToken } from '../../formats/json/index.ts';
import { GraphNames } from './graph-names.ts';
import type { Interest } from './interest.ts';
import { namesTarget } from './keys.ts';
import type { LoaderKeys } from './loader-keys.ts';
import { WeightMap } from './weights/index.ts';

/** Keys that make a JSON document more than data, wherever they stand. */
const KEYS: ReadonlyMap<string, Interest> = new Map([
  ['auto_map', 'format.hub-config.scan'],
  ['custom_pipelines', 'format.hub-config.scan'],
  ['custom_pipeline', 'format.hub-config.scan'],
  ['_target_', 'format.hydra-config.scan'],
  ['class_name', 'format.keras-config.scan'],
  ['registered_name', 'format.keras-config.scan'],
  ['weightsManifest', 'format.tensorflow-js.scan'],
  ['__reduce__', 'format.object-json.scan'],
  ['__reduce_ex__', 'format.object-json.scan'],
  ['__setstate__', 'format.object-json.scan'],
  ['__class__', 'format.object-json.scan'],
  ['__module__', 'format.object-json.scan'],
  ['__loader__', 'format.object-json.scan'],
  ['py/object', 'format.object-json.scan'],
  ['py/reduce', 'format.object-json.scan'],
  ['py/type', 'format.object-json.scan'],
  ['py/function', 'format.object-json.scan'],
  ['py/repr', 'format.object-json.scan'],
  ['loader_module', 'format.mlflow.scan'],
  // As the JSON of Protocol Buffers spells them, and as .proto files do.
  ['opsetImport', 'format.onnx-json.scan'],
  ['opset_import', 'format.onnx-json.scan'],
  ['externalData', 'format.onnx-json.scan'],
  ['serializedFile', 'format.mar.scan'],
  ['nbformat', 'format.source-code.scan'],
]);

/** Libraries that a diffusers pipeline names its parts from without loading code of the repository. */
const PIPELINE_LIBRARIES = new Set(['diffusers', 'transformers', 'onnxruntime', 'stable_diffusion', 'null']);
const MAX_DEPTH_KEPT = 64;
/** The files of the tensors, in the index of a model in several files. */
const WEIGHT_MAP = 'weight_map';
/** The items of a package of Core ML, and where each lies in its folder `Data`. */
const PACKAGE_ITEMS = 'itemInfoEntries';
const MAX_ITEMS = 100_000;

/** Listens to a walk over a JSON document and notes what in it would make a loader run something. */
export class JsonInterest implements JsonEvents {
  readonly interests = new Set<Interest>();
  /** Keys that matter and occur twice in one object, with their offsets. */
  readonly duplicates: { readonly key: string; readonly at: number }[] = [];
  /** Paths into a folder that a scan skips, each once. */
  readonly hidden = new Set<string>();
  readonly weights = new WeightMap();
  /** Paths of the items of a package of Core ML. */
  readonly items = new Set<string>();
  /** Operations, where the document is a graph. */
  readonly graph = new GraphNames();
  readonly #keys: string[] = [];
  readonly #isPipeline: boolean;
  readonly #isModules: boolean;
  #listStarts = false;
  #hasTrees = false;
  #hasSplits = false;

  readonly #loaderKeys: LoaderKeys;

  /** @param name the file's name: two documents of the Hub are only known by it */
  constructor(name: string, loaderKeys: LoaderKeys) {
    this.#loaderKeys = loaderKeys;
    this.#isPipeline = name === 'model_index.json';
    this.#isModules = name === 'modules.json';
  }

  key(name: string, depth: number): void {
    this.#loaderKeys.key(name);
    if (depth < MAX_DEPTH_KEPT) this.#keys[depth] = name;
    this.graph.key(name, depth);
    const interest = KEYS.get(name);
    if (interest !== undefined) this.interests.add(interest);
    this.#lookForTrees(name, depth);
  }

  /** Libraries of trees take a model whatever the order of its keys. */
  #lookForTrees(name: string, depth: number): void {
    const around = this.#keys[depth - 1];
    if (name === 'model' && (around === 'gradient_booster' || around === 'gbtree'))
      this.interests.add('format.xgboost-json.scan');
    if (depth === 1 && name === 'trees') this.#hasTrees = true;
    if (name === 'split_index') this.#hasSplits = true;
    if ((depth === 1 && name === 'oblivious_trees') || (this.#hasTrees && this.#hasSplits))
      this.interests.add('format.catboost-json.scan');
  }

  duplicate(name: string, depth: number, at: number): void {
    const matters =
      (depth === 2 && this.#keys[1] === WEIGHT_MAP) ||
      KEYS.has(name) ||
      namesTarget(name) ||
      name === 'module' ||
      name === 'config' ||
      name === 'function' ||
      name === 'trust_remote_code';
    if (matters && this.duplicates.length < 20) this.duplicates.push({ key: name, at });
  }

  open(kind: 'object' | 'array', depth: number): void {
    this.#loaderKeys.open(kind);
    this.graph.open();
    // A diffusers part is [library, class]; a pipeline class given so is code of the repository.
    if (kind === 'array' && depth === 1) {
      this.#listStarts = this.#isPipeline;
      if (this.#keys[1] === '_class_name') this.interests.add('format.hub-config.scan');
    }
  }

  close(): void {
    this.#loaderKeys.close();
  }

  scalar(kind: JsonScalar, token: JsonToken, depth: number): void {
    const key = this.#keys[depth];
    if (kind === 'string') this.graph.scalar(token.text);
    if (kind === 'string') this.#loaderKeys.scalar(token.text);
    if (kind === 'string' && this.hidden.size < 20 && leadsIntoGit(token.text)) this.hidden.add(token.text);
    if (kind === 'string' && depth === 2 && this.#keys[1] === WEIGHT_MAP)
      this.weights.add(this.#keys[2] ?? '', token.text);
    if (
      kind === 'string' &&
      depth === 3 &&
      key === 'path' &&
      this.#keys[1] === PACKAGE_ITEMS &&
      this.items.size < MAX_ITEMS
    )
      this.items.add(token.text);
    if (key === 'trust_remote_code' && token.text !== 'false' && token.text !== 'null')
      this.interests.add('format.hub-config.scan');
    if (this.#isModules && kind === 'string' && key === 'type' && !token.text.startsWith('sentence_transformers.'))
      this.interests.add('format.hub-config.scan');
    if (depth === 2 && this.#listStarts) {
      this.#listStarts = false;
      if (!PIPELINE_LIBRARIES.has(token.text)) this.interests.add('format.hub-config.scan');
    }
  }
}

/** Whether a text is a path into git's own folder, however it is spelled. Addresses and sentences are none. */
export function leadsIntoGit(text: string): boolean {
  if (text.length > 4096 || !text.includes('.git') || /:\/\/|[\s*]/.test(text)) return false;
  return posix.normalize(text.replaceAll('\\', '/')).split('/').includes('.git');
}
