export { COREML_RULES } from './rules.ts';
export { coremlScanner, coremlWeightsScanner, milTextScanner } from './scanner.ts';
