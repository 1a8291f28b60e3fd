/** Formats that no loader computes anything with: they lie beside a model. */
export const BESIDES: ReadonlySet<string> = new Set([
  'csv',
  'empty',
  'gif',
  'jpeg',
  'json',
  'jsonl',
  'markdown',
  'png',
  'text',
  'webp',
  'yaml',
]);
