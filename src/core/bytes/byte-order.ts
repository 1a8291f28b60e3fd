const SURROGATE = /[\ud800-\udfff]/;

/** Items sorted by the bytes of their text in UTF-8, which is the order of JavaScript's own strings but for surrogates. */
export function inByteOrder<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, text: textOf(item) }));
  if (!keyed.some(({ text }) => SURROGATE.test(text))) {
    keyed.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    return keyed.map(({ item }) => item);
  }
  const bytes = keyed.map(({ item, text }) => ({ item, bytes: Buffer.from(text) }));
  bytes.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return bytes.map(({ item }) => item);
}
