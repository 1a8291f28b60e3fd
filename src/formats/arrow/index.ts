export { type ArrowArray, checkArrowArray, isArrowType } from './array-data.ts';
