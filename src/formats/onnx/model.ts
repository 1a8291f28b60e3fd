import type { SourceRange } from '../../core/bytes/index.ts';
import type { DataType, TypedField } from './data-type.ts';

/** A model of the ONNX format (onnx.proto, IR version 14), inert: nothing of it is run, and tensors stay where they are. */
export interface OnnxModel {
  readonly irVersion: number;
  /** The versions of the operator sets that its nodes are of. */
  readonly opsets: readonly OnnxOpset[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly docString: string;
  readonly metadata: readonly OnnxProperty[];
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly training: readonly OnnxTraining[];
}

/** An operator set; the domain of the standard one is the empty string. */
export interface OnnxOpset {
  readonly domain: string;
  readonly version: number;
}

export interface OnnxProperty {
  readonly key: string;
  readonly value: string;
}

export interface OnnxGraph {
  readonly name: string;
  readonly docString: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly sparseInitializers: readonly OnnxSparseTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly values: readonly OnnxValue[];
  readonly quantization: readonly OnnxQuantization[];
  readonly metadata: readonly OnnxProperty[];
}

/** One application of an operator. An input of the empty name is one that is left out. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** Tells functions of one name apart. */
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
  readonly docString: string;
  readonly metadata: readonly OnnxProperty[];
}

/** The value of an attribute. Strings are bytes: some producers keep binary data there. */
export type OnnxAttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  | { readonly type: 'sparse-tensor'; readonly value: OnnxSparseTensor }
  | { readonly type: 'type'; readonly value: OnnxType }
  | { readonly type: 'floats'; readonly value: Float32Array }
  | { readonly type: 'ints'; readonly value: BigInt64Array }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly OnnxTensor[] }
  | { readonly type: 'graphs'; readonly value: readonly OnnxGraph[] }
  | { readonly type: 'sparse-tensors'; readonly value: readonly OnnxSparseTensor[] }
  | { readonly type: 'types'; readonly value: readonly OnnxType[] };

export type OnnxAttributeType = OnnxAttributeValue['type'];

/** Within a function, the value is that of the named attribute of the node that calls it. */
export interface OnnxAttributeReference {
  readonly type: 'reference';
  readonly to: string;
  readonly valueType: OnnxAttributeType | undefined;
}

export type OnnxAttribute = { readonly name: string; readonly docString: string } & (
  | OnnxAttributeValue
  | OnnxAttributeReference
);

export interface OnnxTensor {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: OnnxTensorData;
  readonly docString: string;
  readonly metadata: readonly OnnxProperty[];
}

/** Where the elements of a tensor are. */
export type OnnxTensorData =
  /** Little-endian bytes, as long as the type and the dimensions say. */
  | { readonly kind: 'raw'; readonly range: SourceRange }
  /** Fields of a TensorProto, tags included: runs of one list, packed or not. */
  | { readonly kind: 'typed'; readonly field: TypedField; readonly runs: readonly SourceRange[] }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'external'; readonly at: OnnxExternalData };

/** Bytes in another file. All of it is what the model says: nothing here was opened. */
export interface OnnxExternalData {
  readonly location: string;
  readonly offset: number;
  /** Absent: to the end of the file. */
  readonly length: number | undefined;
  /** SHA-1 of the file, which few writers give. */
  readonly checksum: string | undefined;
  /** Keys that the format does not name. */
  readonly others: readonly OnnxProperty[];
}

/** Values at flat or per-dimension indices of a tensor that is zero elsewhere. */
export interface OnnxSparseTensor {
  readonly values: OnnxTensor;
  readonly indices: OnnxTensor;
  readonly dims: readonly number[];
}

export interface OnnxValue {
  readonly name: string;
  /** Absent where the model leaves it to inference. */
  readonly type: OnnxType | undefined;
  readonly docString: string;
  readonly metadata: readonly OnnxProperty[];
}

export type OnnxType = { readonly denotation: string } & (
  | {
      readonly kind: 'tensor' | 'sparse-tensor';
      /** Absent where the model leaves it to inference. */
      readonly element: DataType | undefined;
      /** Absent: of any rank. */
      readonly shape: readonly OnnxDimension[] | undefined;
    }
  | { readonly kind: 'sequence' | 'optional'; readonly element: OnnxType | undefined }
  | { readonly kind: 'map'; readonly key: DataType; readonly value: OnnxType | undefined }
  | { readonly kind: 'opaque'; readonly domain: string; readonly name: string }
);

/** A size, the name of one that is known when the model runs, or neither. Writers give -1 for an unknown one, too. */
export interface OnnxDimension {
  readonly size: number | string | undefined;
  readonly denotation: string;
}

export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that a call has to give, and those with a default. */
  readonly attributes: readonly string[];
  readonly defaults: readonly OnnxAttribute[];
  readonly nodes: readonly OnnxNode[];
  readonly opsets: readonly OnnxOpset[];
  readonly values: readonly OnnxValue[];
  readonly docString: string;
  readonly metadata: readonly OnnxProperty[];
}

/** How training starts and goes on: graphs that an inference runtime does not run. */
export interface OnnxTraining {
  readonly initialization: OnnxGraph | undefined;
  readonly algorithm: OnnxGraph | undefined;
  readonly initializationBindings: readonly OnnxProperty[];
  readonly updateBindings: readonly OnnxProperty[];
}

export interface OnnxQuantization {
  readonly tensor: string;
  readonly parameters: readonly OnnxProperty[];
}
