export { keptScans, takenScan } from './find.ts';
export { scanShape } from './shape.ts';
