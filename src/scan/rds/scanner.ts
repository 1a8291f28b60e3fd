import { RDS } from '../../formats/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { RDS_RULES } from './rules.ts';

/** Judges objects that R saved. */
export const rdsScanner: Scanner = {
  id: 'rds',
  formats: [RDS.id],
  rules: Object.values(RDS_RULES),
  async scanFile(target, context) {
    const { judgeRds } = await import('./judge.ts');
    await judgeRds(target, context);
  },
};
