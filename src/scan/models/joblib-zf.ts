import { SliceSource } from '../../core/bytes/index.ts';
import { JOBLIB_ZF, ZF_HEADER } from '../../formats/compressed/index.ts';
import { JOBLIB } from '../../formats/pickle/index.ts';
import type { Scanner } from '../scanner/index.ts';

const SPACE = 0x20;

/** What joblib wrote before 0.10: a length, then a zlib stream (joblib/numpy_pickle_compat.py, read_zfile). */
export const joblibZfScanner: Scanner = {
  id: 'joblib-zf',
  formats: [JOBLIB_ZF.id],
  rules: [],
  async scanFile({ source }, context) {
    const [next] = source.size > ZF_HEADER ? await source.read(ZF_HEADER, 1) : [];
    // One more blank stands there in files of 0.8.4 and before.
    const start = next === SPACE ? ZF_HEADER + 1 : ZF_HEADER;
    context.cover(0, Math.min(start, source.size), 'parsed');
    if (start >= source.size) return context.incomplete('the file ends after the length of its data');
    const data = new SliceSource(source, start, source.size - start, `${source.name}!data`);
    const { format } = await context.member(data, 'data', { storedAt: start, loaders: JOBLIB });
    if (format !== 'zlib') context.incomplete(`the data is not a zlib stream but ${format}`);
  },
};
