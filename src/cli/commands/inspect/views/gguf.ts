import { ggmlTypeName, readGguf } from '../../../../formats/index.ts';
import { count } from '../../../../report/index.ts';
import { type FormatView, tensorLine, tensorSum } from './listing.ts';

/** The header: metadata, of which texts are shown, and tensors. */
export const showGguf: FormatView = async (source, listing) => {
  const { version, keys, texts, tensors } = await readGguf(source, () => true);
  const shown = tensors.map(({ name, type, shape, bytes }) => ({ name, type: ggmlTypeName(type), shape, bytes }));
  listing.line(
    `GGUF version ${version}`,
    count(keys.length, 'key'),
    count(tensors.length, 'tensor'),
    ...tensorSum(shown),
  );
  const values = new Map(texts.map(({ key, text }) => [key, text]));
  listing.list(
    'metadata',
    keys.map((key) => (values.has(key) ? `${key}: ${values.get(key)}` : key)),
  );
  listing.list('tensors', shown.map(tensorLine));
};
