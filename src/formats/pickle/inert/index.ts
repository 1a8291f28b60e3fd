export { dictOf, isDictCall } from './dicts.ts';
export { dtypeOf, type ElementType, elementTypeOf, isMlDtype, ML_DTYPES, type MlDtype } from './dtype.ts';
export { shapeOf } from './joblib.ts';
export { isAsciiText, MAX_TEXT } from './operands.ts';
export { type InertOptions, type InertPickle, readInert } from './read.ts';
export {
  argsOf,
  calleeName,
  countOf,
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
  isKind,
  itemsOf,
  kindOf,
} from './values.ts';
