import type { SourceRange } from '../../core/bytes/index.ts';
import type { SavedObjects } from './objects.ts';
import type { TfType } from './types.ts';

/** A SavedModel of TensorFlow (saved_model.proto), inert: nothing of it is run, and tensors stay where they are. */
export interface SavedModel {
  readonly metaGraphs: readonly MetaGraph[];
}

export interface MetaGraph {
  /** `serve` for one that predicts. */
  readonly tags: readonly string[];
  readonly graph: TfGraph;
  readonly signatures: ReadonlyMap<string, TfSignature>;
  /** Collections of texts, by their names. */
  readonly properties: ReadonlyMap<string, string>;
  /** The operation that gives variables their values. */
  readonly restore?: string;
  /** Operations that loaders run after that, by collections. */
  readonly initial?: readonly string[];
  /** What Python's loader makes of the model, in place of the graph. */
  readonly objects?: SavedObjects;
}

/** A GraphDef. */
export interface TfGraph {
  readonly nodes: readonly TfNode[];
  readonly functions: readonly TfFunction[];
  /** The version of the format that the writer knew, and the least that a reader has to know. */
  readonly producer: number;
  readonly minConsumer: number;
}

/** One operation. An input is `node`, `node:1` for another result, or `^node` to run after it. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly device: string;
  readonly attributes: ReadonlyMap<string, TfAttribute>;
}

/** Within a function, an input is an argument, or `node:result:0`, and what it returns is named in `returns`. */
export interface TfFunction {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly TfNode[];
  readonly returns: ReadonlyMap<string, string>;
}

/** Sizes, undefined for an unknown one; undefined for an unknown number of them. */
export type TfShape = readonly (number | undefined)[] | undefined;

export type TfAttribute =
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'type'; readonly value: TfType }
  | { readonly kind: 'shape'; readonly value: TfShape }
  | { readonly kind: 'tensor'; readonly value: TfTensor }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'ints'; readonly value: readonly bigint[] }
  | { readonly kind: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly kind: 'types'; readonly value: readonly TfType[] };

export interface TfTensor {
  readonly type: TfType;
  readonly dims: readonly number[];
  readonly data: TfTensorData;
}

export type TfTensorData =
  /** Little-endian bytes, as long as the type and the dimensions say. */
  | { readonly kind: 'raw'; readonly range: SourceRange }
  /** The first elements, in order; the last of them is repeated. Integers of 64 bits are exact. */
  | { readonly kind: 'listed'; readonly values: readonly (number | bigint)[] }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] };

/** What a graph is called by: its inputs and outputs by their names. */
export interface TfSignature {
  readonly inputs: ReadonlyMap<string, TfPort>;
  readonly outputs: ReadonlyMap<string, TfPort>;
  readonly method: string;
}

export interface TfPort {
  /** `node:0`. */
  readonly tensor: string;
  readonly type: TfType;
  readonly shape: TfShape;
}
