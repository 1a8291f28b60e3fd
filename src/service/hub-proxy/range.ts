/** Bytes of a file. */
export interface ByteRange {
  readonly start: number;
  /** The last byte. */
  readonly end: number;
}

/**
 * One range of bytes (RFC 9110, section 14).
 * @returns `undefined` when the whole file is meant: none is asked for, or several, or what cannot be read; `none` when no byte is in it
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const parts = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = parts ?? [];
  if (parts === null || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'none' : { start, end };
}
