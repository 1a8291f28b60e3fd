export { dictOf, isDictCall } from './dicts.ts';
export {
  dtypeOf,
  isMlDtype,
  ML_DTYPES,
  type MlDtype,
  type NumpyElement,
  type NumpyField,
  type NumpyRecord,
  numpyElementOf,
  numpyRecordOf,
} from './dtype.ts';
export { shapeOf } from './joblib.ts';
export { isAsciiText, MAX_HELD_TEXT } from './operands.ts';
export { type InertOptions, type InertPickle, readInert } from './read.ts';
export {
  argsOf,
  calleeName,
  globalName,
  type Inert,
  type InertArray,
  type InertBytes,
  InertDict,
  type InertEntry,
  type InertGlobal,
  type InertList,
  type InertObject,
  type InertPersistent,
  type InertSet,
  type InertTuple,
  inertTitle,
  isKind,
  sequenceOf,
  wholeCount,
} from './values.ts';
