export { FROZEN_GRAPH, SAVED_MODELS } from './folders.ts';
