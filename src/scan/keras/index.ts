export { kerasMetadataScanner } from './metadata.ts';
export { KERAS_RULES } from './rules.ts';
