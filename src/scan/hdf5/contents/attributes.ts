import { isAssayError } from '../../../core/index.ts';
import type { Hdf5Attribute, Hdf5Object } from '../../../formats/hdf5/index.ts';
import { judgeHeld } from './held.ts';
import type { Hdf5Scan } from './state.ts';

/** What loaders of Keras read, whole or in parts: `model_config`, `model_config0`, `model_config1`, ... */
const CONFIGURATION = /^(model_config|training_config)(\d{0,6})$/;
/** Elements of one attribute that are looked at one by one. */
const MAX_ELEMENTS = 100_000;

/** Judges the named values of an object: the configuration of a model, and texts that are pickles. */
export async function judgeAttributes(scan: Hdf5Scan, { path, attributes }: Hdf5Object): Promise<void> {
  const parts = new Map<string, { readonly index: number; readonly attribute: Hdf5Attribute }[]>();
  for (const [name, attribute] of attributes) {
    await judgeElements(scan, `${path}@${name}`, attribute);
    const [, kind, index] = CONFIGURATION.exec(name) ?? [];
    if (kind === undefined) continue;
    const all = parts.get(kind) ?? [];
    all.push({ index: index === '' ? -1 : Number(index), attribute });
    parts.set(kind, all);
  }
  for (const [kind, all] of parts) await judgeConfiguration(scan, `${path}@${kind}`, kind, all);
}

async function judgeElements(scan: Hdf5Scan, name: string, { type, data }: Hdf5Attribute): Promise<void> {
  const { file, context } = scan;
  const safe = name.slice(0, 200);
  if (type.kind === 'text' || isBytes(type)) {
    if (data.bytes.length / type.size > MAX_ELEMENTS)
      return context.incomplete(`the attribute ${safe} has too many texts`);
    // An array of bytes is one value, an array of texts several.
    const size = type.kind === 'text' ? type.size : data.bytes.length;
    for (let at = 0; at + size <= data.bytes.length && size > 0; at += size)
      await judgeHeld(scan, data.bytes.subarray(at, at + size), safe);
  }
  if (type.kind !== 'long-text' && !(type.kind === 'other' && type.name === 'variable-length')) return;
  let count = 0;
  for await (const held of file.heapObjects(data.bytes, type.size)) {
    if (++count > MAX_ELEMENTS) return context.incomplete(`the attribute ${safe} has too many texts`);
    await judgeHeld(scan, held, safe);
  }
}

function isBytes(type: Hdf5Attribute['type']): boolean {
  return (
    (type.kind === 'uint' && type.size === 1) ||
    (type.kind === 'int' && type.size === 1) ||
    (type.kind === 'other' && type.name === 'opaque')
  );
}

/** The whole text, and each part: a loader may read either. */
async function judgeConfiguration(
  { file, context }: Hdf5Scan,
  name: string,
  kind: string,
  parts: readonly { readonly index: number; readonly attribute: Hdf5Attribute }[],
): Promise<void> {
  const { judgeKerasDocument } = await import('../../keras/judge/index.ts');
  const texts = new Map<number, string>();
  for (const { index, attribute } of parts) {
    const found = await textsOf(attribute);
    if (found === undefined || (index === -1 && found.length !== 1))
      return context.incomplete(`the attribute ${name} is not one text`);
    texts.set(index, found.join(''));
  }
  const whole = texts.get(-1);
  const rest = [...texts]
    .filter(([index]) => index >= 0)
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text)
    .join('');
  for (const text of [whole, rest === '' ? undefined : rest])
    if (text !== undefined)
      judgeKerasDocument(Buffer.from(text), context, {
        name: name.slice(0, 80),
        certain: true,
        compiled: kind === 'training_config',
      });

  async function textsOf(attribute: Hdf5Attribute): Promise<readonly string[] | undefined> {
    try {
      return await file.texts(attribute);
    } catch (error) {
      if (!isAssayError(error) || error.code === 'limit') throw error;
      return undefined;
    }
  }
}
