import type { Node } from './tree.ts';

/** The number of array bytes after the state of joblib's wrapper: numbers only. */
export function arrayBody(state: Node, rest: Buffer): number {
  const fields = fieldsOf(state);
  const [shape, dtype] = [fields.get('shape'), fields.get('dtype')];
  const code = dtype?.kind === 'made' && dtype.args.kind === 'tuple' ? dtype.args.items[0] : undefined;
  const letters = code?.kind === 'leaf' ? /^[biufcS](\d+)$/.exec(String(code.value)) : null;
  if (shape?.kind !== 'tuple' || letters === null) throw new Error('the array does not hold plain numbers');
  const elements = shape.items.reduce((product, item) => product * (item.kind === 'leaf' ? Number(item.value) : 0), 1);
  // Since joblib 1.2 the body is aligned: one byte states the length of the padding.
  const padding = fields.has('numpy_array_alignment_bytes') ? 1 + (rest[0] ?? 0) : 0;
  return padding + elements * Number(letters[1]);
}

function fieldsOf(state: Node): Map<string, Node> {
  const fields = new Map<string, Node>();
  if (state.kind !== 'dict') return fields;
  for (let i = 0; i + 1 < state.items.length; i += 2) {
    const [key, value] = [state.items[i], state.items[i + 1]];
    if (key?.kind === 'leaf' && value !== undefined) fields.set(String(key.value), value);
  }
  return fields;
}
