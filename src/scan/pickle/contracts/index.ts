export { isClassFirst } from './class-first.ts';
export { type CodeUse, codeCall, codeState, madeOfCode, passesCode } from './code-by-value.ts';
export { makerOf } from './code-makers.ts';
export { type Breach, breachText, type Contract, type ContractContext, unexpected } from './contract.ts';
export { isDistribution } from './distributions.ts';
export { isExpression, mayEvaluate } from './expressions.ts';
export type { HandedArrow } from './handed-arrow.ts';
export { ITERATOR_STATES } from './iterators.ts';
export { listsIn, noteReadArray } from './list-arrays.ts';
export { longValue } from './long-values.ts';
export {
  CALLED_MEMBERS,
  dillType,
  isPlainMember,
  isUnlistedClass,
  NESTED_CLASSES,
  nestedClass,
  partial,
} from './python.ts';
export { distributionState, NUMPY_STATES } from './scientific.ts';
export { expandsTuples } from './shared-tuples.ts';
export { madeBy, placeOf, type SpelledBytes } from './spelled-bytes.ts';
export {
  CALLERS,
  CONTRACTS,
  contractOf,
  itemContract,
  judgedArguments,
  READS_DICTS,
  READS_LISTS,
  takesNoKeywords,
} from './table.ts';
