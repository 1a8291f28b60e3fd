export { type ArrowArray, type ArrowBuffer, checkArrowArray, isArrowType } from './array-data.ts';
