import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FoundReference, findReferences } from '../../src/references/index.ts';
import { SEED } from '../support/seed.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

function told(code: string): string[] {
  return findReferences('x.py', code).map((one) => `${one.line} ${shown(one)}`);
}

function shown({ target, role, trustRemoteCode }: FoundReference): string {
  const marks = `${role === 'model' ? '' : ` (${role})`}${trustRemoteCode ? ' runs code' : ''}`;
  if (target.kind === 'unresolved') return `? ${target.why}${marks}`;
  return `${target.kind === 'local' ? `local ${target.path}` : `${target.reference}${target.pinned ? ' pinned' : ''}`}${marks}`;
}

describe('the reference in a Python call', () => {
  it.each([
    ['a string', 'M.from_pretrained("a/b")', ['1 hf://a/b']],
    ['a string over several lines', 'M.from_pretrained(\n  "a/"\n  "b")', ['1 hf://a/b']],
    ['a keyword argument', 'snapshot_download(local_dir="x", repo_id="a/b")', ['1 hf://a/b']],
    ['a commit', `M.from_pretrained("a/b", revision="${COMMIT}")`, [`1 hf://a/b@${COMMIT} pinned`]],
    ['a branch', 'M.from_pretrained("a/b", revision="main")', ['1 hf://a/b@main']],
    ['a constant', 'NAME = "a/b"\ndef f():\n  return M.from_pretrained(NAME)', ['3 hf://a/b']],
    ['a constant built from constants', 'O = "a"\nN = f"{O}/b"\nM.from_pretrained(N + "-c")', ['3 hf://a/b-c']],
    ['a conditional expression', 'M.from_pretrained("a/b" if x else "c/d")', ['1 hf://a/b', '1 hf://c/d']],
    ['an item of a dict', 'T = {"s": "a/b", "l": "c/d"}\nM.from_pretrained(T[k])', ['2 hf://a/b', '2 hf://c/d']],
    ['an item of a list', 'for n in ["a/b", "c/d"]:\n  M.from_pretrained(n)', ['2 hf://a/b', '2 hf://c/d']],
    [
      'an attribute',
      'class A:\n  def __init__(self):\n    self.n = "a/b"\n  def f(self):\n    M.from_pretrained(self.n)',
      ['5 hf://a/b'],
    ],
    ['a class attribute', 'class A:\n  n = "a/b"\n  def f(self):\n    M.from_pretrained(self.n)', ['4 hf://a/b']],
    ['an import alias', 'from huggingface_hub import hf_hub_download as d\nd("a/b", "f")', ['2 hf://a/b']],
    ['a code repository', 'import torch\ntorch.hub.load("a/b:main", "x")', ['2 github:a/b (code) runs code']],
    ['a model with remote code', 'M.from_pretrained("a/b", trust_remote_code=True)', ['1 hf://a/b runs code']],
    ['a model without remote code', 'M.from_pretrained("a/b", trust_remote_code=False)', ['1 hf://a/b']],
    ['a dataset', 'load_dataset("a/b")', ['1 hf://datasets/a/b (dataset)']],
    ['local files', 'load_dataset("csv", data_files="x.csv")', []],
    ['a URL with a scheme of ours', 'x = "hf://a/b@main"', ['1 hf://a/b@main']],
    ['a model file on the web', 'get("https://example.org/a.pt")', ['1 https://example.org/a.pt']],
    ['a web page', 'get("https://example.org/a.html")', []],
    ['a folder', 'M.from_pretrained("./a/b")', ['1 local ./a/b']],
    ['a loaded model', 'm = M.from_pretrained("a/b")\npipeline("x", model=m)', ['1 hf://a/b']],
    ['an adapter', 'PeftModel.from_pretrained(base, "a/b")', ['1 hf://a/b']],
    ['a constant without a call', 'MODEL_ID = "a/b"', ['1 hf://a/b']],
  ])('is found: %s', (_, code, expected) => {
    expect(told(code)).toEqual(expected);
  });

  it.each([
    ['a parameter', 'def f(n):\n  M.from_pretrained(n)', ['2 ? its name n is a parameter']],
    [
      'a parameter with a default',
      'def f(n="a/b"):\n  M.from_pretrained(n)',
      ['2 hf://a/b', '2 ? its name n is a parameter'],
    ],
    ['an environment variable', 'M.from_pretrained(os.environ["X"])', ['1 ? its name is an item of what is computed']],
    [
      'an environment variable with a default',
      'M.from_pretrained(os.getenv("X", "a/b"))',
      ['1 hf://a/b', '1 ? its name is a variable of the environment'],
    ],
    [
      'a command-line option',
      'p.add_argument("--model-name", default="a/b")\na = p.parse_args()\nM.from_pretrained(a.model_name)',
      ['3 hf://a/b', '3 ? its name --model_name may be given'],
    ],
    ['an import', 'from c import N\nM.from_pretrained(N)', ['2 ? its name N comes from c.N']],
    ['a call', 'M.from_pretrained(f(x))', ['1 ? its name is computed by a call']],
    ['a partly unknown string', 'M.from_pretrained(f"a/{x}")', ['1 ? its name x is not set here']],
    ['arguments', 'M.from_pretrained(*a, **k)', ['1 ? its arguments are computed']],
    ['a model that the library chooses', 'pipeline("ner")', ['1 ? pipeline chooses the model of a task itself']],
    ["a name of the library's own", 'YOLO("yolo.pt")', [`1 ? "yolo.pt" is a name of the library's own`]],
    ['a computed revision', 'M.from_pretrained("a/b", revision=r)', ['1 hf://a/b', '1 ? its revision is computed']],
    ['an assignment to its own name', 'm = M.from_pretrained(m)', ['1 ? its name m is set elsewhere']],
    [
      'a name that is set twice',
      'N = "a/b"\nN = f()\nM.from_pretrained(N)',
      ['3 hf://a/b', '3 ? its name is computed by a call'],
    ],
  ])('is reported as unresolved, not ignored: %s', (_, code, expected) => {
    expect(told(code)).toEqual(expected);
  });

  it('is found within limits for nested, repeated and cyclic code', () => {
    const deep = `M.from_pretrained(${'('.repeat(5_000)}"a/b"${')'.repeat(5_000)})`;
    expect(told(deep)).toEqual(['1 ? its name is computed in too many steps']);
    expect(told('A = B\nB = A\nM.from_pretrained(A)')).toEqual(['3 ? its name is computed in too many steps']);
    const many = `N = "x"\n${Array.from({ length: 40 }, (_, i) => `N = "a/b${i}"`).join('\n')}\nM.from_pretrained(N)`;
    expect(told(many)).toEqual(['42 ? its name N is set in too many places']);
    const product = `P = "a" if x else "b"\nM.from_pretrained(${Array(20).fill('P').join(' + ')})`;
    expect(told(product)).toEqual(['2 ? its name has too many values']);
  });
});

const PATHS = ['x.py', 'x.ipynb', 'x.yaml', 'x.json', 'Dockerfile', 'x.sh'];
const words = fc.constantFrom(
  'M.from_pretrained(',
  '"a/b"',
  ')',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\n',
  '  ',
  '- ',
  '"',
  "'",
  '\\',
  '#',
  'model',
  'RUN ',
  'f"{',
  '<<EOF',
  '$(',
  '{{',
  '=',
  '&x',
  '*x',
  '\0',
  '\u2028',
);

describe.each(PATHS)('any text named %s', (path) => {
  it('is read without an error, with existing line numbers', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(words, { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const last = text.split('\n').length;
        for (const { line } of findReferences(path, text)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(last);
        }
      }),
      { numRuns: 300, seed: SEED },
    );
  });
});
