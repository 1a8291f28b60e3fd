export { isCroissant, readCroissant } from './croissant.ts';
export { isCycloneDx, readCycloneDx } from './cyclonedx.ts';
export { isDvc, readDvc } from './dvc.ts';
export { isTrainingManifest, readTrainingManifest } from './manifest.ts';
export { isMlflowRun, readMlflowRun } from './mlflow.ts';
export { readCard } from './model-card.ts';
export { isSpdx, readSpdx } from './spdx.ts';
export { isStatement, payloadOf, readTrainingStatement } from './statement.ts';
