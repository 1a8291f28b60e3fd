export { type Dataset, loadDataset } from './dataset.ts';
export type { DataOptions } from './options.ts';
export { type DataSpec, dataSchema } from './spec.ts';
