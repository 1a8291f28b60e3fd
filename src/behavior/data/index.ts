export { type Dataset, loadDataset } from './dataset.ts';
export { suitePath } from './files.ts';
export type { DataOptions } from './options.ts';
export { loadPrompts, type Prompts, type PromptsSpec, promptsSchema } from './prompts/index.ts';
export { type DataSpec, dataSchema } from './spec.ts';
