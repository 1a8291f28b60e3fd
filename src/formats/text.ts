import { TextDecoder } from 'node:util';

import type { Format, Probe } from './format.ts';

/** How a text is written down. `latin1` stands for every 8-bit code page: the letters may be wrong, the ASCII is right. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

export interface TextHead {
  readonly text: string;
  readonly encoding: Encoding;
}

const heads = new WeakMap<Probe, TextHead | null>();

/** The first bytes as text, without a byte order mark; `undefined` when they are not text. Decoded once for each probe. */
export function textHead(probe: Probe): TextHead | undefined {
  let head = heads.get(probe);
  if (head === undefined) {
    head = decodeHead(probe.head, probe.head.length >= probe.size) ?? null;
    heads.set(probe, head);
  }
  return head ?? undefined;
}

function decodeHead(bytes: Uint8Array, whole: boolean): TextHead | undefined {
  if (bytes.length === 0) return undefined;
  const encoding = encodingOf(bytes, whole);
  if (encoding === undefined) return undefined;
  const text = newDecoder(encoding).decode(bytes, { stream: !whole });
  return hasControls(text) ? undefined : { text, encoding };
}

function encodingOf(bytes: Uint8Array, whole: boolean): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole });
    return 'utf-8';
  } catch {
    // Not UTF-8. Prose in an 8-bit code page is mostly ASCII; compressed or numeric data is not.
    let high = 0;
    for (const byte of bytes) if (byte >= 0x80) high++;
    return high * 10 < bytes.length * 3 ? 'latin1' : undefined;
  }
}

/** Strict for UTF-8 and UTF-16: throws TypeError on bytes that are not. */
export function newDecoder(encoding: Encoding): TextDecoder {
  return encoding === 'latin1' ? new TextDecoder('latin1') : new TextDecoder(encoding, { fatal: encoding === 'utf-8' });
}

// Tab, line ends, form feed, backspace and escape stand in logs and terminals' recordings; the rest in binary data only.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f]/;

/** Whether a text holds characters that only binary data does. */
export function hasControls(text: string): boolean {
  return CONTROLS.test(text);
}

/** Where the first such character stands; -1 for none. */
export function controlAt(text: string): number {
  return text.search(CONTROLS);
}

function textFormat(
  id: string,
  title: string,
  extensions: readonly string[],
  test: (text: string, probe: Probe) => boolean,
): Format {
  return {
    id,
    title,
    extensions,
    identify(probe) {
      const head = textHead(probe);
      return head !== undefined && test(head.text, probe);
    },
  };
}

export const EMPTY: Format = {
  id: 'empty',
  title: 'empty file',
  extensions: [],
  identify: (probe) => probe.size === 0,
};

/** LightGBM takes the lines after the first in any order. */
export const LIGHTGBM = textFormat('lightgbm', 'LightGBM model (text)', [], (text) =>
  /^tree\r?\n(?:[^\n]*\n){0,40}?(?:version|num_class|num_tree_per_iteration|max_feature_idx|tree_sizes|Tree)=/.test(
    text,
  ),
);

/** The program of a compiled Core ML model, as text. */
export const MIL_TEXT = textFormat('mil-text', 'Core ML program (text)', ['.mil'], (text) =>
  /^program\(\d+\.\d+\)\s*(?:\[buildInfo|\{)/.test(text),
);

/** The layers of an ncnn model, behind its magic number. */
export const NCNN = textFormat('ncnn', 'ncnn model (text)', ['.param'], (text) =>
  /^7767517\r?\n\s*\d+ \d+\r?\n/.test(text),
);

/** An object, a table whose first key is a name or the number 1, or a function: each after its index. */
const TORCH7_TEXT =
  /^(?:4\n\d{1,9}\n\d{1,3}\n(?:V -?\d|torch\.|nn\.)|3\n\d{1,9}\n\d{1,9}\n(?:2\n\d{1,9}\n[^\n]{0,200}[A-Za-z]|1\n1\n[3478]\n)|[678]\n(?:1\n)?\d{2,9}\n(?:[^\n -~]|[A-Za-z_.: ]{1,80}[(=]))/;
/** Torch7's ASCII serialization: type tag, index, length, version. Code of Lua within it is not text. */
export const TORCH7_ASCII: Format = {
  id: 'torch7-ascii',
  title: 'Torch7 object (text)',
  extensions: ['.t7'],
  identify: ({ head }) =>
    (head[0] ?? 0) >= 0x33 &&
    (head[0] ?? 0) <= 0x38 &&
    head[1] === 0x0a &&
    TORCH7_TEXT.test(Buffer.from(head.subarray(0, 512)).toString('latin1')),
};

const SHEBANG = /^#!\s*\S/;
export const SHELL = textFormat(
  'shell',
  'script',
  ['.sh', '.bash', '.command'],
  (text) => SHEBANG.test(text) && !/^#!.*python/.test(text),
);

// The first line that is neither blank nor a comment; each alternative starts differently, so nothing is tried twice.
const PYTHON_LINE =
  /^(?:import +[\w.]+(?: +as +\w+)?[ \t]*(?:[,;#].*)?\r?(?:\n|$)|from +[\w.]+ +import +[\w(*]|(?:async +)?def +\w+\(|class +\w+ *[(:]|@\w[\w.]*(?:\(|\r?\n)|if +__name__ *==)/;
const BLANK_OR_COMMENT = /(?:[ \t\f\r]*\n|[ \t]*#[^\n]*\n)*/y;

/** Past the blank lines, comments and the docstring that a Python file may begin with. */
function pythonStart(text: string): string {
  let at = 0;
  for (let docstrings = 0; docstrings < 2; docstrings++) {
    BLANK_OR_COMMENT.lastIndex = at;
    at += BLANK_OR_COMMENT.exec(text)?.[0].length ?? 0;
    const quote = text.slice(at, at + 3);
    if (quote !== '"""' && quote !== "'''") break;
    const end = text.indexOf(quote, at + 3);
    if (end < 0) break;
    at = end + 3;
  }
  return text.slice(at);
}

export const PYTHON = textFormat('python', 'Python source', ['.py', '.pyw', '.pyi'], (text) => {
  return /^#!.*python/.test(text) || PYTHON_LINE.test(pythonStart(text));
});

export const JINJA = textFormat('jinja', 'Jinja template', ['.jinja', '.jinja2', '.j2'], (text) => {
  return /^\s*(?:\{%|\{\{|\{#)/.test(text) && /%\}|\}\}|#\}/.test(text);
});

interface Markup {
  readonly declared: boolean;
  readonly doctype: string | undefined;
  /** The first tag, from its name to where it ends or the head does. */
  readonly root: string;
}

/** What a markup document begins with; `undefined` when no tag follows its declaration, comments and document type. */
function markupOf(text: string): Markup | undefined {
  let at = skipSpace(text, 0);
  let declared = false;
  let doctype: string | undefined;
  while (text[at] === '<') {
    if (text.startsWith('<?', at)) {
      declared ||= /^<\?xml[\s?]/.test(text.slice(at, at + 7));
      at = past(text, '?>', at);
    } else if (text.startsWith('<!--', at)) at = past(text, '-->', at);
    else if (/^<!doctype\s/i.test(text.slice(at, at + 11))) {
      doctype = text.slice(at + 9, at + 80).trim();
      at = pastDoctype(text, at);
    } else if (/^<[A-Za-z_]/.test(text.slice(at, at + 2)))
      return { declared, doctype, root: text.slice(at + 1, past(text, '>', at)) };
    else return undefined;
    at = skipSpace(text, at);
  }
  return declared || doctype !== undefined ? { declared, doctype, root: '' } : undefined;
}

/** Declarations within a document type, and what they quote, may hold the character that ends it. */
function pastDoctype(text: string, at: number): number {
  let quote = '';
  let nested = false;
  for (let i = at; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === '[' || c === ']') nested = c === '[';
    else if (c === '>' && !nested) return i + 1;
  }
  return text.length;
}

function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && ' \t\r\n'.includes(text.charAt(i))) i++;
  return i;
}

function past(text: string, end: string, from: number): number {
  const at = from < 0 ? -1 : text.indexOf(end, from);
  return at < 0 ? text.length : at + end.length;
}

function markupFormat(
  id: string,
  title: string,
  extensions: readonly string[],
  test: (markup: Markup) => boolean,
): Format {
  return textFormat(id, title, extensions, (text) => {
    const markup = markupOf(text);
    return markup !== undefined && test(markup);
  });
}

export const OPENVINO = markupFormat('openvino', 'OpenVINO model (XML)', ['.xml'], ({ root }) =>
  /^net[\s/>]/.test(root),
);
export const PMML = markupFormat('pmml', 'PMML model', ['.pmml'], ({ root }) => /^(?:\w+:)?PMML\b/.test(root));
export const SVG = markupFormat('svg', 'SVG image', ['.svg'], ({ root }) => /^(?:svg:)?svg\b/i.test(root));
export const HTML = markupFormat('html', 'HTML page', ['.html', '.htm'], ({ doctype, root }) => {
  return /^html\b/i.test(doctype ?? '') || /^(?:html|head|body|script)\b/i.test(root);
});
// Prose may begin with a tag (a model card often does): only a declaration, a document type or a namespace makes it XML.
export const XML = markupFormat('xml', 'XML document', ['.xml', '.rdf', '.owl'], ({ declared, doctype, root }) => {
  return declared || doctype !== undefined || /\bxmlns\b/.test(root);
});

export const YAML = textFormat('yaml', 'YAML document', ['.yaml', '.yml'], (text) => /^(?:%YAML |!!\w)/.test(text));

/** CheckpointState as text: which checkpoint of a folder is the latest. A text named `checkpoint` is also read as one. */
export const TF_CHECKPOINT_STATE = textFormat('tf-checkpoint-state', 'TensorFlow checkpoint state', [], (text) =>
  /^\s*(?:all_)?model_checkpoint_paths?\s*:/m.test(text),
);

export const TEXT = textFormat(
  'text',
  'text',
  ['.txt', '.text', '.log', '.rst', '.tex', '.bib', '.bpe', '.merges', '.vocab', '.lock'],
  () => true,
);

/** Kinds of text that their bytes cannot distinguish with certainty: among them, and only among them, the extension decides. */
export const MARKDOWN: Format = {
  id: 'markdown',
  title: 'Markdown',
  extensions: ['.md', '.markdown'],
  identify: () => false,
};
export const CSV: Format = {
  id: 'csv',
  title: 'table (CSV, TSV)',
  extensions: ['.csv', '.tsv'],
  identify: () => false,
};
export const JAVASCRIPT: Format = {
  id: 'javascript',
  title: 'JavaScript source',
  extensions: ['.js', '.mjs', '.cjs', '.ts', '.jsx', '.tsx'],
  identify: () => false,
};
