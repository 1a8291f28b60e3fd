import { judgeWidths } from './allocation.ts';
import { readKerasDocument } from './document.ts';
import type { KerasContext } from './findings.ts';
import { ObjectJudge } from './objects.ts';

export { MAX_DOCUMENT_BYTES } from './document.ts';
export type { KerasContext } from './findings.ts';

/** What a document is to a loader: a configuration of Keras, or another document that also has the key `class_name`. */
export type KerasDocument = 'configuration' | 'other';

export interface KerasDocumentOptions {
  /** For messages: `config.json`, `model_config`. */
  readonly name: string;
  /** Only loaders of Keras read it: findings count whatever it holds. */
  readonly certain: boolean;
  /** What a model is compiled with, not a model. */
  readonly compiled?: boolean;
}

/**
 * Judges a JSON document that names objects of Keras, and reports to the context. Nothing of it is made.
 * @param bytes UTF-8
 * @returns `other` for a document without an object of Keras: what else reads it is not judged
 * @throws AssayError `malformed`, `limit`
 */
export function judgeKerasDocument(
  bytes: Uint8Array,
  context: KerasContext,
  { name, certain, compiled = false }: KerasDocumentOptions,
): KerasDocument {
  let held = 0;
  const hold = (count: number): void => {
    context.budget.hold(count);
    held += count;
  };
  try {
    const { root, repeated } = readKerasDocument(bytes, name, hold);
    const judge = new ObjectJudge(context);
    if (compiled) judge.compiled(root, name);
    else judge.walk(root, undefined, name);
    judgeWidths(judge);
    const isKeras = certain || judge.isKeras;
    // Another program may use the same keys for its own classes.
    if (!isKeras && !judge.findings.acts && judge.findings.size > 0) return 'other';
    if (isKeras)
      for (const key of repeated)
        judge.findings.add(
          'structure',
          `key ${key}`,
          `${name} has the key ${JSON.stringify(key)} twice in one object.`,
        );
    judge.findings.report(context);
    return isKeras || (judge.objects > 0 && judge.mappings === 0) ? 'configuration' : 'other';
  } finally {
    context.budget.release(held);
  }
}
