import type { Scanner } from '../scanner/index.ts';
import { PMML_RULES } from './rules.ts';

/** Judges PMML models. */
export const pmmlScanner: Scanner = {
  id: 'pmml',
  formats: ['pmml'],
  rules: Object.values(PMML_RULES),
  async scanFile(target, context) {
    const { judgePmml } = await import('./judge.ts');
    await judgePmml(target, context);
  },
};
