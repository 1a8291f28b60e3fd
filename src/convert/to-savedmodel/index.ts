export { planSavedModels } from './files.ts';
