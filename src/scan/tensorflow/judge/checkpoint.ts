import { printableName } from '../../../formats/index.ts';
import { readTensorBundle, type TensorBundle } from '../../../formats/tensorflow/index.ts';
import { joinedRanges, readOrReport, type ScanContext, type ScanTarget } from '../../scanner/index.ts';
import { ABSOLUTE_CHECKPOINT, OUTSIDE_PATH, TENSORFLOW_STRUCTURE } from '../rules.ts';
import { leadsOutside } from './contracts.ts';

const MAX_STATE = 1024 * 1024;
/** Types whose values are not numbers or text: their bytes are read by code that the type names. */
const OBJECTS: ReadonlySet<string> = new Set(['resource', 'variant']);

/** Judges the index of a checkpoint: where the values of variables lie in the files beside it. */
export async function scanBundle(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const bundle = await readOrReport(target, context, TENSORFLOW_STRUCTURE, () =>
    readTensorBundle(source, context.budget, (start, end) => context.cover(start, end, 'parsed')),
  );
  if (bundle === undefined) return;
  referToShards(bundle, target, context);
  for (const [key, { type, shard }] of bundle.entries) {
    const shown = JSON.stringify(printableName(key));
    if (OBJECTS.has(type)) odd(context, `The variable ${shown} is of the type ${type}`, `type ${type}`);
    if (shard >= bundle.shards)
      odd(context, `The variable ${shown} lies in a file that the checkpoint does not have`, 'shard');
  }
}

const INDEX = '.index';

/** Values lie in files that are named after the index (tensor_bundle.h, `DataFilename`). */
function referToShards({ shards, entries }: TensorBundle, { file, member }: ScanTarget, context: ScanContext): void {
  if (member !== undefined || !file.endsWith(INDEX)) return;
  const places = new Map<number, { start: number; end: number }[]>();
  for (const { shard, offset, size } of entries.values()) {
    if (shard >= shards || size === 0) continue;
    const known = places.get(shard);
    if (known === undefined) places.set(shard, [{ start: offset, end: offset + size }]);
    else known.push({ start: offset, end: offset + size });
  }
  const five = (number: number) => String(number).padStart(5, '0');
  for (const [shard, ranges] of places) {
    const path = `${file.slice(0, -INDEX.length)}.data-${five(shard)}-of-${five(shards)}`;
    context.refersTo({ path, ranges: joinedRanges(ranges), rule: TENSORFLOW_STRUCTURE, holds: 'variables' });
  }
}

function odd(context: ScanContext, message: string, subject: string): void {
  context.report({ rule: TENSORFLOW_STRUCTURE, subject, message: `${message}.` });
}

/** A field of CheckpointState and the string literals of its value, which are joined. */
const PATH = /(?:all_)?model_checkpoint_paths?\s*:\s*((?:(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*)+)/g;
const LITERAL = /"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/g;

/** Judges the text that names the latest checkpoint of a folder. */
export async function scanCheckpointState(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  if (source.size > MAX_STATE) return context.incomplete(`a checkpoint state of more than ${MAX_STATE} bytes`);
  context.budget.work(source.size);
  context.cover(0, source.size, 'parsed');
  const text = Buffer.from(await source.read(0, source.size)).toString('utf8');
  for (const [, literals = ''] of text.matchAll(PATH)) {
    const path = [...literals.matchAll(LITERAL)].map(([, double, single]) => double ?? single ?? '').join('');
    const shown = printableName(path);
    // TensorFlow escapes quotes and bytes that are not ASCII, which a name of a checkpoint hardly has.
    if (path.includes('\\')) odd(context, `The path ${JSON.stringify(shown)} is written with escapes`, 'escapes');
    else if (/^\/(?!\/)/.test(path) && !path.split('/').includes('..'))
      context.report({
        rule: ABSOLUTE_CHECKPOINT,
        subject: 'absolute',
        message: `The latest checkpoint is named by the absolute path ${JSON.stringify(shown)}.`,
      });
    else if (leadsOutside(path))
      context.report({
        rule: OUTSIDE_PATH,
        subject: `checkpoint ${shown}`,
        message: `The latest checkpoint is ${JSON.stringify(shown)}, which is not in this folder.`,
        evidence: shown,
      });
  }
}
