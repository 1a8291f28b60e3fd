/** A text literal of CEL. */
export function celText(value: string): string {
  const plain = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n');
  return `'${plain}'`;
}

export function celList(values: readonly string[]): string {
  return `[${values.map(celText).join(', ')}]`;
}

/** `value.replace(from, to)` for each pair, in order. */
export function replaced(value: string, pairs: Iterable<readonly [from: string, to: string]>): string {
  return [...pairs].reduce((all, [from, to]) => `${all}.replace(${celText(from)}, ${celText(to)})`, value);
}

/** Characters of references that a key of a ConfigMap may not have, and what stands for each. */
const CODES: readonly (readonly [character: string, code: string])[] = [
  ['_', '_u'], // the first: it starts all others
  ['/', '_s'],
  [':', '_c'],
  ['@', '_a'],
  ['?', '_q'],
  ['=', '_e'],
  ['+', '_p'],
  ['%', '_h'],
  ['#', '_n'],
];

/** An expression that gives the key by which a reference stands in the allowlist. */
export function keyExpression(reference: string): string {
  return replaced(reference, CODES);
}

/** The same here. Every reference has a key of its own; `undefined`: none that a ConfigMap takes. */
export function celKeyOf(reference: string): string | undefined {
  const key = CODES.reduce((all, [from, to]) => all.replaceAll(from, to), reference);
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) ? key : undefined;
}
