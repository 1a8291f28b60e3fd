export { type Converter, type EstimatorContext, type Family, GraphContext } from './context.ts';
export { type ModelInputs, matrixInputs } from './inputs.ts';
export { binaryPrediction, classPrediction } from './predictions.ts';
