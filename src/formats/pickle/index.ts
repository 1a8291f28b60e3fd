export { constantOf } from './constants.ts';
export { type InlineArray, inlineArray, isTorchLegacy, LEGACY_STREAMS, skipStorages } from './containers/index.ts';
export { describe, describeCall } from './describe.ts';
export type { GivenValue } from './flows.ts';
export { PICKLE, runAsPickle, UNMARKED_PICKLE } from './format.ts';
export type { ListNumbers } from './kept-items.ts';
export {
  ALL_LOADERS,
  ANY_LOADER,
  DILL,
  JOBLIB,
  LISTED_ONLY,
  type LoaderSet,
  loadersOf,
  NOBODY,
  NUMPY,
  PANDAS,
  PANDAS_AGAIN,
  PICKLE_C,
  PICKLE_PY,
  TORCH,
  TORCHSCRIPT,
  WEIGHTS_ONLY,
} from './loaders.ts';
export { python3Name } from './names/index.ts';
export { OP } from './opcodes.ts';
export { type ReadOptions, readStream, type StreamResult } from './read.ts';
export { SILENT } from './silent.ts';
export { type PickleHandler, PickleState } from './state.ts';
export { latin1 } from './text.ts';
export {
  BOOL,
  BUFFER,
  BYTES,
  type Call,
  DICT,
  EXT,
  FIRST_COMPOSITE,
  FLOAT,
  FROZENSET,
  GLOBAL,
  type GlobalName,
  INT,
  LIST,
  NONE,
  OBJECT,
  type Oddity,
  PERSID,
  STR,
  STR_DUNDER,
  type StreamEnd,
  TUPLE,
  type Value,
} from './values.ts';
