import { ARROW, PARQUET } from '../../formats/index.ts';
import { ARROW_STREAM } from '../../formats/tables/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { tableRules } from './rules.ts';

/** Judges tables as data: their footers and schemas, types that are pickles, and their notes. Values are not looked at. */
export const tableScanner: Scanner = {
  id: 'tables',
  formats: [PARQUET.id, ARROW.id, ARROW_STREAM.id],
  rules: tableRules,
  async scanFile(target, context) {
    const { judgeArrow, judgeArrowStream, judgeParquet } = await import('./judge.ts');
    const judges: Readonly<Record<string, typeof judgeArrow>> = {
      [PARQUET.id]: judgeParquet,
      [ARROW.id]: judgeArrow,
      [ARROW_STREAM.id]: judgeArrowStream,
    };
    await judges[target.format.id]?.(target, context);
  },
};
