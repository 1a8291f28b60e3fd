import { COREML_WEIGHTS, MIL_TEXT } from '../../formats/index.ts';
import { COREML } from '../../formats/protobuf/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { coremlRules } from './rules.ts';

/** Judges models of Core ML: classes that they name, their layers and operations by a list, and the files that they name. */
export const coremlScanner: Scanner = {
  id: 'coreml',
  formats: [COREML.id],
  rules: coremlRules,
  async scanFile(target, context) {
    const { judgeCoreml } = await import('./judge.ts');
    await judgeCoreml(target, context);
  },
};

/** Judges the files that the program of a compiled model names; its operations are not judged. */
export const milTextScanner: Scanner = {
  id: 'coreml-program-text',
  formats: [MIL_TEXT.id],
  rules: [],
  async scanFile(target, context) {
    const { judgeMilText } = await import('./mil-text.ts');
    await judgeMilText(target, context);
  },
};

/** Judges the weights beside a program of Core ML: the places of all blobs, and what lies between them. */
export const coremlWeightsScanner: Scanner = {
  id: 'coreml-weights',
  formats: [COREML_WEIGHTS.id],
  rules: [],
  async scanFile(target, context) {
    const { judgeCoremlWeights } = await import('./weights.ts');
    await judgeCoremlWeights(target, context);
  },
};
