export { writeSavedModel } from './write.ts';
