import type { DataType } from '../../formats/onnx/index.ts';
import type { GraphSize, GraphTensor, Network } from '../network/index.ts';
import type { TorchModule } from './module.ts';

/** What a layer runs in. */
export interface ModuleContext {
  readonly net: Network;
  /** Runs a module within. @throws AssayError `unsupported` naming a class that is not known */
  run(module: TorchModule, x: GraphTensor): GraphTensor;
  /** The parameter or buffer of a module as a tensor of the graph. */
  weight(module: TorchModule, name: string): GraphTensor;
  /** All that a module returns, by name. */
  results(module: TorchModule, x: GraphTensor): Readonly<Record<string, GraphTensor>>;
  /** As `weight`, for one that may be None. */
  optional(module: TorchModule, name: string): GraphTensor | undefined;
}

/** An input of a model. The shape has the batch. */
export interface ModuleInput {
  readonly type: Extract<DataType, 'float32' | 'int64'>;
  readonly shape: readonly GraphSize[];
}

/** What a first layer takes: `next` for what the next layer takes, `undefined` where the file does not contain it. */
export type FirstInput = ModuleInput | 'next' | undefined;

/** The input of a module within. */
export type InputOf = (module: TorchModule) => FirstInput;

/** How a class computes: its code is not in the file, and is what the version of the library has. */
export interface ModuleConverter {
  readonly forward: (module: TorchModule, x: GraphTensor, context: ModuleContext) => GraphTensor;
  /** All that a model of this class returns, by name, where that is more than one tensor. */
  readonly results?: (
    module: TorchModule,
    x: GraphTensor,
    context: ModuleContext,
  ) => Readonly<Record<string, GraphTensor>>;
  /** The input that the layer takes when it is the first one; absent when only the next layers tell. */
  readonly input?: (module: TorchModule, inputOf: InputOf) => FirstInput;
  /** Attributes with classes and functions that no method has the name of. */
  readonly callables?: readonly string[];
}

/** Converters by the module and the name of a class. */
export type ConverterTable = Readonly<Record<string, ModuleConverter>>;
