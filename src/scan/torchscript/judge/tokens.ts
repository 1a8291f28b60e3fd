/** Names, numbers, operators, comments, blanks, ends of lines, and the quote that a string begins with. */
const TOKEN =
  /([A-Za-z_]\w*)|(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?j?)|([-+*/%@&|^~<>=!()[\]{},:.;]|\\\r?\n)|(?:#[^\n]*)|([ \t\r\f]+)|(\n)|(["'])/y;

export interface TokenListener {
  word(word: string): void;
  /** A mark, a number (`0`), or the end of a line (`\n`). */
  sign(sign: string): void;
  /** The content of a literal as it is written, and the lines that it ends behind. */
  literal(text: string, lines: number): void;
}

/**
 * Splits source of TorchScript as its compiler does (torch/csrc/jit/frontend/lexer.h), one token after the other.
 * @returns how far it could be read
 */
export function readTokens(text: string, listener: TokenListener): number {
  let end = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token, word, sign, blank, newline, quote] = match;
    // A regular expression over a long string would overflow its stack.
    if (quote !== undefined) {
      const content = literalAt(text, match.index, quote);
      if (content === undefined) return match.index;
      listener.literal(content.text, content.text.includes('\n') ? content.text.split('\n').length - 1 : 0);
      TOKEN.lastIndex = content.end;
    } else if (word !== undefined) listener.word(word);
    else if (sign !== undefined) listener.sign(sign.startsWith('\\') ? '\\' : sign);
    else if (newline !== undefined) listener.sign('\n');
    else if (blank === undefined && !token.startsWith('#')) listener.sign('0');
    end = TOKEN.lastIndex;
  }
  return end;
}

/** A literal with one or three quotes on each side; lines end only within three. */
function literalAt(text: string, start: number, quote: string): { text: string; end: number } | undefined {
  const marks = text.startsWith(quote.repeat(3), start) ? 3 : 1;
  const from = start + marks;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (character === quote && (marks === 1 || text.startsWith(quote.repeat(3), i)))
      return { text: text.slice(from, i), end: i + marks };
    if (marks === 1 && character === '\n') return undefined;
    if (character === '\\') {
      i++;
      if (text[i] === '\n' || text[i] === '\r') return undefined;
    }
  }
  return undefined;
}
