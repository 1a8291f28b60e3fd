export { keptScans, takenScan } from './find.ts';
export { shapeOf } from './shape.ts';
