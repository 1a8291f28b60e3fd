export { type LoadedObjects, type OpenedModel, openFrozen, openSavedModel, type SavedVariable } from './opened.ts';
