import { TORCH7 } from '../../formats/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { TORCH7_RULES } from './rules.ts';

/** Judges objects of Torch7, in binary and as text. */
export const torch7Scanner: Scanner = {
  id: 'torch7',
  formats: [TORCH7.id, 'torch7-ascii'],
  rules: Object.values(TORCH7_RULES),
  async scanFile(target, context) {
    const { judgeTorch7 } = await import('./judge.ts');
    await judgeTorch7(target, context);
  },
};
