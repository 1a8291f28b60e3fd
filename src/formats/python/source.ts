/** The text of a Python file as its interpreter would read it, and what makes that uncertain. */
export interface PythonSource {
  readonly text: string;
  /** Why Python may read another text than this one; `undefined` when it reads this one. */
  readonly doubt: string | undefined;
}

/** PEP 263: the encoding stands in a comment of the first or the second line. */
const COOKIE = /^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)/;
const BLANK = /^[ \t\f]*(?:#[^\r\n]*)?$/;
const UTF8 = /^(?:utf-?8(?:-sig)?|u8|cp65001|utf8_?sig)(?:-(?:unix|dos|mac))?$/;
/** Encodings of which every byte is the ASCII character of its number, or a letter. */
const ASCII_BASED = /^(?:us-?ascii|ascii|latin-?1|iso-?8859-?(?:1|15)|iso-latin-1|l1|cp1252|windows-1252)$/;

/**
 * The text of a Python file: UTF-8, or what its first lines declare (PEP 263).
 * @see https://peps.python.org/pep-0263/
 */
export function pythonSource(bytes: Uint8Array): PythonSource {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = marked ? bytes.subarray(3) : bytes;
  const ascii = Buffer.from(body).toString('latin1');
  const declared = declaredEncoding(ascii);
  const encoding = declared?.toLowerCase().replaceAll('_', '-');
  const utf8 = encoding === undefined || UTF8.test(encoding);
  const doubts: string[] = [];
  if (ascii.includes('\0')) doubts.push('it holds bytes of zero, where some versions of Python stop reading');
  if (!utf8 && (marked || !ASCII_BASED.test(encoding)))
    doubts.push(`it declares the encoding ${declared?.slice(0, 40)}, in which its bytes may be another program`);
  let text = ascii;
  if (utf8 && /[\x80-\xff]/.test(ascii)) {
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    } catch {
      doubts.push('it is not valid UTF-8, and declares no other encoding');
    }
  }
  // Python ends a line at each of these, and a form feed is a space to it.
  return { text: text.replace(/\r\n?/g, '\n'), doubt: doubts[0] };
}

function declaredEncoding(text: string): string | undefined {
  const [first = '', second = ''] = text.slice(0, 4_096).split(/\r\n|[\r\n]/, 2);
  return COOKIE.exec(first)?.[1] ?? (BLANK.test(first) ? COOKIE.exec(second)?.[1] : undefined);
}
