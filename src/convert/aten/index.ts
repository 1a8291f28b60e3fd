export { AtenDatum, type AtenType, integers, madeDatum } from './datum.ts';
export { formatted } from './operators/index.ts';
export { planResults } from './outputs.ts';
export { AtenRunner } from './runner.ts';
export type { OperatorArguments } from './schema.ts';
export { isSizeName } from './sizes.ts';
export {
  type AtenDict,
  type AtenList,
  AtenTensor,
  type AtenTuple,
  type AtenValue,
  atenList,
  int,
  isOfKind,
  real,
  textKey,
  UNSET,
  valueTitle,
} from './values.ts';
export { type KnownIntegers, readIntegers, Weights } from './weights.ts';
