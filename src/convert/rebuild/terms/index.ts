export { elementwiseTerm, expandedTerm, power, productTerm, scaled, sum, type Weighted } from './algebra.ts';
export {
  concatTerms,
  gatherTerm,
  matmul,
  placesTerm,
  reshapeTerm,
  sizeTerm,
  sliceTerm,
  transposeTerm,
} from './layout.ts';
export {
  broadcast,
  elements,
  isOne,
  ONE,
  padded,
  type SymbolicShape,
  SymbolicSize,
  sameShape,
  shapeKey,
  stripped,
} from './size.ts';
export { softmaxTerm } from './softmax.ts';
export { type Term, TermTable } from './table.ts';
export { MASK_INPUT } from './visibility.ts';
