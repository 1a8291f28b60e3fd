export { datasetNames, datasetPlace } from './datasets.ts';
