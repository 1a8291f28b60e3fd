export { type Comparable, compareOutputs, notFinite, type Outputs, worstOf } from './compare.ts';
export { digestOfFeeds, drawFeeds } from './draw.ts';
export { type Feeds, feedsOf, matched } from './feeds.ts';
export {
  hasRows,
  type InputRange,
  type OutputTolerance,
  type RunnableInput,
  type RunnableModel,
  type RunnableOutput,
} from './model.ts';
export { isNpz, type NpzMember, npzMembers } from './npz.ts';
export { arrayOfTensor, halfToNumber, integersOf, type PlainArray } from './plain-array.ts';
export { readArrays } from './read.ts';
export { partOf, runRows, someRows } from './rows.ts';
export { writeArrays } from './write.ts';
