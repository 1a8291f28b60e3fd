export type { ChosenColumns, ColumnChoice, TableColumn } from './columns.ts';
export { type DatasetFile, type DatasetOptions, openDataset, type TrainingData } from './dataset.ts';
export { type DatasetChoice, type NamedFiles, namedPlace } from './input.ts';
export { detectorView } from './view.ts';
