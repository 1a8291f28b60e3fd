import { chunks } from '../../core/bytes/index.ts';
import { quotedName } from '../../core/index.ts';
import { resolveLocation } from '../paths/index.ts';
import { leaveUnjudged, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { COREML_RULES } from './rules.ts';

/** `BLOBFILE(path = tensor<string, []>("@model_path/weights/weight.bin"), offset = ...)`. */
const BLOB = /BLOBFILE\s*\(\s*path\s*=\s*[^"()]{0,60}\(\s*"([^"]{0,4096})"/g;
const MODEL_FOLDER = /^@model_path\//;
/** A name and what stands around it may begin in one block and end in the next. */
const OVERLAP = 5_000;
const MAX_FILES = 1_000;

/** Judges the files that the program of a compiled model names. It is not assessed: its operations are not looked at. */
export async function judgeMilText(target: ScanTarget, context: ScanContext): Promise<void> {
  const seen = new Set<string>();
  let carry = '';
  for await (const bytes of chunks(target.source)) {
    const text = carry + Buffer.from(bytes).toString('latin1');
    for (const [, file = ''] of text.matchAll(BLOB)) {
      if (seen.size < MAX_FILES) seen.add(file);
      else context.incomplete(`the program names more than ${MAX_FILES} files`);
    }
    carry = text.slice(-OVERLAP);
  }
  for (const file of seen) {
    const location = resolveLocation(file.replace(MODEL_FOLDER, ''));
    if (location.kind === 'inside') continue;
    const rule = location.kind === 'outside' ? COREML_RULES.outside : COREML_RULES.data;
    const message = `Weights are in the file ${quotedName(file)}, which ${location.why}.`;
    context.report({ rule, subject: file, message, evidence: file });
  }
  const detail =
    'Of the program of a compiled Core ML model, only the files that it names are judged: ask for the model that it was compiled from.';
  leaveUnjudged(context, 'format.mil-text.scan', detail);
  context.cover(0, target.source.size, 'opaque', 'a program as text, of which only the names of files are judged');
}
