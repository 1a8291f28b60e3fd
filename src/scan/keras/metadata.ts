import { ProtoCursor, TF_KERAS_METADATA } from '../../formats/protobuf/index.ts';
import type { ScanContext, Scanner, ScanTarget } from '../scanner/index.ts';
import { KERAS_RULES } from './rules.ts';

/** Fields of `SavedMetadata` and `SavedObject` (tensorflow/python/keras/protobuf/saved_metadata.proto). */
const NODES = 1;
const METADATA = 5;
const OBJECT_FIELDS: ReadonlySet<number> = new Set([2, 3, 4, METADATA, 6]);

/** Judges `keras_metadata.pb`: the layers of a SavedModel as JSON, from which Keras 2 makes them again. */
export const kerasMetadataScanner: Scanner = {
  id: 'keras',
  formats: [TF_KERAS_METADATA.id],
  rules: Object.values(KERAS_RULES),
  async scanFile(target, context) {
    const texts = await metadataOf(target, context);
    const { judgeKerasDocument } = await import('./judge/index.ts');
    for (const { at, bytes } of texts)
      judgeKerasDocument(bytes, context, { name: `the node at byte ${at}`, certain: true });
    context.cover(0, target.source.size, 'parsed');
  },
};

/** The JSON of each node, and where it stands. */
async function metadataOf(
  { source }: ScanTarget,
  context: ScanContext,
): Promise<readonly { readonly at: number; readonly bytes: Uint8Array }[]> {
  const cursor = new ProtoCursor(source, context.budget);
  const found: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  while (cursor.next(source.size) || (await cursor.more(source.size))) {
    const outer: number = cursor.number;
    if (outer !== NODES || cursor.wire !== 2) {
      context.incomplete(`the field ${outer} at byte ${cursor.tagAt} is not known`);
      continue;
    }
    const end = cursor.enter();
    while (cursor.next(end) || (await cursor.more(end))) {
      const inner: number = cursor.number;
      if (!OBJECT_FIELDS.has(inner)) context.incomplete(`the field ${inner} at byte ${cursor.tagAt} is not known`);
      if (inner !== METADATA || cursor.wire !== 2) continue;
      context.budget.hold(cursor.end - cursor.start);
      const bytes = await cursor.content(context.limits.maxHeaderBytes);
      if (bytes.length > 0) found.push({ at: cursor.start, bytes });
    }
  }
  return found;
}
