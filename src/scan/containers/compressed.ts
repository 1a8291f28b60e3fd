import { AssayError } from '../../core/index.ts';
import { COMPRESSED, decode, expandStream, isCodec } from '../../formats/compressed/index.ts';
import { JOBLIB, type LoaderSet, NOBODY, PANDAS, PANDAS_AGAIN } from '../../formats/pickle/index.ts';
import { judgeStray, type ScanContext, type Scanner, type ScanTarget, structureRule } from '../scanner/index.ts';

const TRAILING = structureRule(
  'compressed.trailing-bytes',
  'Bytes follow the end of a compressed stream',
  'The compressed stream ends before the file does. Most loaders never read the rest, so it can hide anything; others read it.',
);

/** The loaders that decompress their input: joblib by the first bytes, pandas by the suffix. */
const READERS: Readonly<Record<string, LoaderSet>> = {
  gzip: JOBLIB | PANDAS | PANDAS_AGAIN,
  bzip2: JOBLIB | PANDAS | PANDAS_AGAIN,
  xz: JOBLIB | PANDAS | PANDAS_AGAIN,
  lzma: JOBLIB,
  zlib: JOBLIB,
  lz4: JOBLIB,
  zstd: PANDAS | PANDAS_AGAIN,
};

/** One compressed stream: its decompressed content is scanned as a member named `data`. */
export const compressedScanner: Scanner = {
  id: 'compressed',
  formats: COMPRESSED.map((format) => format.id),
  rules: [TRAILING],
  async scanFile(target, context) {
    const { source, format } = target;
    if (!isCodec(format.id)) throw new AssayError('internal', `no codec for ${format.id}`);
    const { limits, signal, budget } = context;
    const {
      source: content,
      end,
      stopped,
    } = await expandStream(decode(format.id, source, { limits, signal, budget }), {
      name: `${source.name}!data`,
      inputSize: source.size,
      budget,
      limits,
      signal,
    });
    // The content before an error is judged as well: a loader reads it, too.
    if (content.size > 0) await context.member(content, 'data', { loaders: READERS[format.id] ?? NOBODY });
    else await content.close();
    if (stopped !== undefined) context.incomplete(`${format.title}: ${stopped.message}`);
    else if (end !== undefined) await judgeEnd(target, context, end.consumed);
  },
};

async function judgeEnd(target: ScanTarget, context: ScanContext, consumed: number | undefined): Promise<void> {
  const { size } = target.source;
  const what = 'Bytes follow the end of the compressed stream';
  if (consumed === undefined) {
    context.report({ rule: TRAILING, subject: '(trailing)', message: `${what}.` });
    context.incomplete('bytes follow the end of the compressed stream');
    return;
  }
  context.cover(0, consumed, 'parsed');
  await judgeStray(target, context, { start: consumed, end: size, name: '(trailing)', rule: TRAILING, what });
}
