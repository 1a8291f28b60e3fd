export { mlflowEgress } from './egress.ts';
export { mlflowError } from './error.ts';
export { openMlflow } from './mlflow.ts';
export { type MlflowSettings, mlflowSettings } from './settings.ts';
