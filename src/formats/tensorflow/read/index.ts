export { readCheckpointObjects } from './objects.ts';
export { readGraphDef, readSavedModel, type TensorflowReadOptions } from './saved-model.ts';
export { tfElements } from './tensor.ts';
export { readShape, typeAt } from './values.ts';
