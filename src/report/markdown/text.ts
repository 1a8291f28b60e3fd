import { cut, terminalText } from '../escape.ts';

/**
 * GitHub-flavoured Markdown for untrusted text. GitHub turns addresses, `@names`, `#1`, `GH-1`, commits and
 * `:emoji:` into links and pictures after Markdown is parsed, where no backslash helps: only code spans are left alone.
 */

export interface MarkdownTextOptions {
  /** The text is within a table, where no escape of `|` means the same to every parser. */
  readonly cell?: boolean;
  /** UTF-16 units of text that are kept. */
  readonly max?: number;
}

/** CWE-770: characters of one text; what escapes make longer is cut again. */
const MAX_TEXT = 240;

/**
 * Text as it is, in a code span of one line: for names, paths and evidence, which could otherwise look like text of the report.
 */
export function markdownCode(text: string, { cell = false, max = MAX_TEXT }: MarkdownTextOptions = {}): string {
  const line = cut(terminalText(text, max), 2 * max);
  return codeSpan(cell ? line.replaceAll('|', '\\x7c') : line);
}

/** A word that neither Markdown nor GitHub reads anything into; what could be a commit, or number a list, is not one. */
const PLAIN_WORD = /^(?:\(?(?![0-9a-f]{7,}\b)[a-z]+\)?[.,;:]?|\d{1,6}[,;:]?)$/i;

/** What `cut` says of what it left out. */
const CUT_MARK = /^(.*?)(… \(\+\d{1,6} more\))?$/s;

/** Prose that quotes untrusted text: plain words stay words, all other text becomes code spans. */
export function markdownText(text: string, { cell = false, max = MAX_TEXT }: MarkdownTextOptions = {}): string {
  const [, line = '', mark = ''] = CUT_MARK.exec(cut(terminalText(text, max), 2 * max)) ?? [];
  const parts: string[] = [];
  let quoted: string[] = [];
  const flush = () => {
    if (quoted.length > 0) parts.push(quote(quoted.join(' '), { cell, max: 2 * max }));
    quoted = [];
  };
  for (const word of line.split(' ').filter((part) => part !== '')) {
    if (!PLAIN_WORD.test(word)) {
      quoted.push(word);
      continue;
    }
    flush();
    parts.push(word);
  }
  flush();
  return parts.join(' ') + mark;
}

/** Punctuation of the sentence around what is quoted: `(core).`, or `core,`. */
const AROUND = /^(?:\((.+)(\)[.,;:]?)|(.+?)([.,;:]?))$/;

function quote(words: string, options: MarkdownTextOptions): string {
  const [, inner, close, core = words, end = ''] = AROUND.exec(words) ?? [];
  return inner === undefined ? markdownCode(core, options) + end : `(${markdownCode(inner, options)}${close}`;
}

/** CommonMark 6.1: as many backticks as needed, and a space on both sides where the parser would strip or misread one. */
function codeSpan(line: string): string {
  if (line === '') return '(empty)';
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(line) || (/^ .* $/.test(line) && line.trim() !== '') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}
