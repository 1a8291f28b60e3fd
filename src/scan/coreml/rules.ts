import { graphRules, type Rule } from '../scanner/index.ts';

export const COREML_RULES = graphRules({ id: 'coreml', model: 'a Core ML model', runtime: 'Core ML' });

const { custom, unlisted, outside, data, structure, hidden } = COREML_RULES;
export const coremlRules: readonly Rule[] = [custom, unlisted, outside, data, structure, hidden];
