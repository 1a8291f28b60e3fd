export { planModels, planOnnxFiles, type WriteModel } from './files.ts';
export { modelFiles } from './written.ts';
