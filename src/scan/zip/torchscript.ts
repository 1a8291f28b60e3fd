import type { ByteSource } from '../../core/bytes/index.ts';
import { type Rule, type ScanContext, SUPPLY_CHAIN } from '../scanner/index.ts';

export const TORCHSCRIPT_RULE: Rule = {
  id: 'torchscript.unknown-operator',
  title: 'TorchScript calls something other than an operator of PyTorch itself',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'TorchScript is not Python: its source can only call registered operators, and the operators of PyTorch itself only compute. This code calls an operator that reads or writes files or loads a library, an operator of another library, or a function that only Python has.',
  remedy:
    'Ask the publisher of the model which library it needs, and why. Prefer safetensors with code that you trust.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-829', 'CWE-94'],
};

/** Namespaces of operators that come with PyTorch and its own libraries. */
const NAMESPACES: ReadonlySet<string> = new Set([
  'aten',
  'prim',
  'prims',
  'quantized',
  'quantized_decomposed',
  'sparse',
  'inductor',
  'profiler',
  'prepacked',
  'mkldnn',
  'mkldnn_prepacked',
  'static_runtime',
  'onednn',
]);
/** Operators of libraries whose other operators read and write files (`torchaudio::sox_io_save_audio_file`). */
const LISTED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'torchvision',
    new Set(
      ['nms', 'roi_align', 'roi_pool', 'ps_roi_align', 'ps_roi_pool', 'deform_conv2d'].flatMap((name) => [
        name,
        `_${name}_backward`,
      ]),
    ),
  ],
  [
    'torchaudio',
    new Set([
      'rnnt_loss',
      'rnnt_loss_forward',
      'forced_align',
      '_lfilter',
      '_lfilter_core_loop',
      '_overdrive_core_loop',
      'ray_tracing',
    ]),
  ],
]);
/** Operators of PyTorch that reach files or libraries. */
const DANGEROUS: ReadonlySet<string> = new Set([
  'from_file',
  'save',
  'load',
  'load_library',
  'load_library_op',
  'import_module',
]);
/** Python's functions that TorchScript does not have. */
const PYTHON_ONLY: ReadonlySet<string> = new Set([
  'exec',
  'eval',
  'compile',
  'open',
  '__import__',
  'globals',
  'locals',
  'vars',
  'setattr',
  'delattr',
  'input',
  'breakpoint',
]);

const MAX_SOURCE = 64 * 1024 * 1024;
const MAX_SAID = 20;
/** Names, numbers, operators, comments, blanks, and the quote that a string begins with. */
const TOKEN =
  /([A-Za-z_]\w*)|(?:\d[\w.]*(?:[eE][+-]?\d+)?j?)|([-+*/%@&|^~<>=!()[\]{},:.;]|\\\r?\n)|(?:#[^\n]*)|([ \t\r\f]+)|(\n)|(["'])/y;

/**
 * Looks at TorchScript source (torch/csrc/jit/serialization/python_print.cpp writes it) as tokens, for what it calls and
 * imports. What cannot be split into tokens leaves the verdict unknown.
 */
export async function judgeTorchScript(
  context: ScanContext,
  source: ByteSource,
  name: string,
  storedAt: number | undefined,
): Promise<void> {
  if (source.size > MAX_SOURCE)
    return context.incomplete(`the TorchScript source "${name}" is longer than ${MAX_SOURCE} bytes`);
  const held = 2 * source.size;
  context.budget.hold(held);
  const text = Buffer.from(await source.read(0, source.size)).toString('latin1');
  const { calls, end } = callsOf(text);
  context.budget.release(held);
  for (const { path, line } of calls) {
    context.report({
      rule: TORCHSCRIPT_RULE,
      subject: `${name} ${path}`,
      message: `The TorchScript source "${name}" uses ${path} in line ${line}.`,
      evidence: path,
    });
  }
  if (end < text.length)
    return context.incomplete(`the TorchScript source "${name}" is not TorchScript from byte ${end} on`);
  if (storedAt !== undefined) context.cover(storedAt, storedAt + source.size, 'parsed');
}

interface Use {
  readonly path: string;
  readonly line: number;
}

/** Behind the closing quote of a string on one line; 0 when there is none. @param at behind the opening quote */
function stringEnd(text: string, at: number, quote: string): number {
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === quote) return i + 1;
    if (character === '\n') return 0;
    if (character === '\\') {
      i++;
      if (text[i] === '\n' || text[i] === '\r') return 0;
    }
  }
  return 0;
}

/** The calls and imports that are not PyTorch's own, each once, and how far the source could be read. */
function callsOf(text: string): { calls: Use[]; end: number } {
  const uses = new Map<string, Use>();
  let path: string[] = [];
  let expectsName = true;
  let imports: string | undefined;
  let line = 1;
  let end = 0;
  // More of them are not reported.
  const use = (what: string) =>
    void (uses.size >= MAX_SAID || uses.has(what) || uses.set(what, { path: what.slice(0, 200), line }));
  TOKEN.lastIndex = 0;
  const finishPath = (called: boolean) => {
    if (imports !== undefined) {
      if (!ownModule(path)) use(`${imports} ${path.join('.')}`);
    } else if (foreign(path, called)) use(path.join('.'));
    path = [];
  };
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token, word, sign, blank, newline, quote] = match;
    // A regular expression over a long string would overflow its stack.
    if (quote !== undefined) TOKEN.lastIndex = stringEnd(text, TOKEN.lastIndex, quote);
    if (TOKEN.lastIndex === 0) break;
    end = TOKEN.lastIndex;
    if (blank !== undefined) continue;
    if (word === 'import' || word === 'from') {
      if (path.length > 0) finishPath(false);
      imports = word;
      expectsName = true;
    } else if (word !== undefined) {
      if (!expectsName) finishPath(false);
      path.push(word);
      expectsName = false;
    } else {
      if (sign !== '.') finishPath(sign === '(');
      if (newline !== undefined || sign === ';') imports = undefined;
      expectsName = sign === '.' || path.length === 0;
      if (token.includes('\n')) line++;
    }
  }
  finishPath(false);
  return { calls: [...uses.values()], end };
}

/** Whether a path names an operator of PyTorch's own that computes: `torch.ops.aten.linear.default`, as torch.export writes it. */
export function isComputingOperator(path: readonly string[]): boolean {
  const [root, ops, namespace = ''] = path;
  return root === 'torch' && ops === 'ops' && isOwn(namespace, path[3]) && !path.some((part) => DANGEROUS.has(part));
}

function ownModule([root, ...rest]: readonly string[]): boolean {
  return root === '__torch__' || (root === 'torch' && rest.length === 0);
}

function foreign(path: readonly string[], called: boolean): boolean {
  const [root, ...rest] = path;
  const last = path.at(-1) ?? '';
  if (root === undefined) return false;
  if (path.length === 1) return called && PYTHON_ONLY.has(root);
  if (root !== 'torch' && root !== 'ops') return false;
  if (DANGEROUS.has(last)) return true;
  const operators = root === 'ops' ? rest : rest[0] === 'ops' || rest[0] === 'classes' ? rest.slice(1) : undefined;
  return operators !== undefined && !isOwn(operators[0] ?? '', operators[1]);
}

/** Whether an operator belongs to PyTorch, or is a listed one of its libraries. */
function isOwn(namespace: string, name: string | undefined): boolean {
  return NAMESPACES.has(namespace) || (name !== undefined && LISTED.get(namespace)?.has(name) === true);
}
