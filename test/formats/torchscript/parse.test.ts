import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { parseScript } from '../../../src/formats/torchscript/statements.ts';
import type { ScriptExpression, ScriptFile } from '../../../src/formats/torchscript/syntax.ts';

function parse(source: string, limits = {}): ScriptFile {
  return parseScript(source, 'm.py', new FileBudget({ ...DEFAULT_LIMITS, ...limits }, source.length));
}

/** The value that a function returns. */
function returned(text: string): ScriptExpression | undefined {
  const [statement] = parse(`def f(x):\n  return ${text}\n`).functions.get('f')?.body ?? [];
  return statement?.kind === 'return' ? statement.value : undefined;
}

/** An expression as text, with all brackets. */
function shown(expression: ScriptExpression | undefined): string {
  if (expression === undefined) return '';
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'text':
      return JSON.stringify(expression.value);
    case 'int':
    case 'float':
    case 'constant':
      return String(expression.value);
    case 'list':
      return `[${expression.items.map(shown).join(' ')}]`;
    case 'tuple':
      return `<${expression.items.map(shown).join(' ')}>`;
    case 'dict':
      return `{${expression.entries.map(([key, value]) => `${shown(key)}:${shown(value)}`).join(' ')}}`;
    case 'attribute':
      return `${shown(expression.of)}.${expression.name}`;
    case 'call':
      return `${shown(expression.callee)}(${expression.args.map(({ name, value }) => `${name === undefined ? '' : `${name}=`}${shown(value)}`).join(' ')})`;
    case 'item':
      return `${shown(expression.of)}[${shown(expression.index)}]`;
    case 'slice':
      return `${shown(expression.of)}[${[expression.from, expression.to, expression.step].map(shown).join(':')}]`;
    case 'unary':
      return `(${expression.operator} ${shown(expression.of)})`;
    case 'binary':
      return `(${shown(expression.left)} ${expression.operator} ${shown(expression.right)})`;
    case 'choice':
      return `(${shown(expression.condition)} ? ${shown(expression.yes)} : ${shown(expression.no)})`;
  }
}

describe('expressions', () => {
  test.each([
    ['(_0).forward(x, )', '_0.forward(x)'],
    ['torch.add(x, y, alpha=2)', 'torch.add(x y alpha=2)'],
    ['[1, -1, 9223372036854775807]', '[1 -1 9223372036854776000]'],
    ['(1, )', '<1>'],
    ['()', '<>'],
    ['x, y, ', '<x y>'],
    ['1.0000000000000001e-05', '0.00001'],
    ['-0.5', '-0.5'],
    ['"a\\"b\\n\\012\\\\"', '"a\\"b\\n\\n\\\\"'],
    ['{"a": x, "b": y}', '{"a":x "b":y}'],
    ['annotate(Dict[str, List[Tensor]], {})', 'annotate(Dict[<str List[Tensor]>] {})'],
    ['a + b * c ** -d', '(a + (b * (c ** (- d))))'],
    ['not a and b or c', '(((not a) and b) or c)'],
    ['a is not None', '(a is not null)'],
    ['a not in b', '(a not in b)'],
    ['x if y else z if t else w', '(y ? x : (t ? z : w))'],
    ['x[0][1:]', 'x[0][1::]'],
    ['x[::2]', 'x[::2]'],
    ['a - b - c', '((a - b) - c)'],
    ['getattr(self, "0")', 'getattr(self "0")'],
  ])('%s', (text, expected) => {
    expect(shown(returned(text))).toBe(expected);
  });

  test('a line within brackets goes on, and a comment ends one', () => {
    const { functions } = parse(
      'def f(x: Tensor,\n    y: Optional[int]=None) -> Tensor: # it\n\n  # returns\n  return x\n',
    );
    expect(functions.get('f')).toMatchObject({
      parameters: [
        { name: 'x', type: 'Tensor', fallback: undefined },
        { name: 'y', type: 'Optional[int]', fallback: { kind: 'constant', value: null } },
      ],
      body: [{ kind: 'return', line: 5 }],
    });
  });
});

const CLASS = `op_version_set = 1
import __torch__.a
class Net(Module):
  __parameters__ = ["weight", ]
  __forward_pre_hooks__ = ["before", ]
  training : bool
  size : Final[Tuple[int, int]] = (1, 1)
  __annotations__["0"] = __torch__.a.Layer
  __annotations__["__proto__"] = int
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    a, b, = torch.chunk(x, 2)
    c : Optional[Tensor] = a
    if torch.gt(1, 2):
      pass
    elif True:
      d = uninitialized(Tensor)
    else:
      d = a
    for i in range(3):
      x = torch.relu(x)
    while False:
      x += 1
    with ops.a(x):
      pass
    return x
`;

test('a class with its attributes and methods', () => {
  const { classes, functions } = parse(CLASS);
  const net = classes.get('Net');
  expect([...(net?.attributes ?? [])].map(([name, { type }]) => [name, type])).toEqual([
    ['training', 'bool'],
    ['size', 'Final[Tuple[int,int]]'],
    ['0', '__torch__.a.Layer'],
    ['__proto__', 'int'],
  ]);
  const kinds = net?.methods.get('forward')?.body.map(({ kind }) => kind);
  expect(kinds).toEqual(['assign', 'assign', 'if', 'for', 'while', 'with', 'return']);
  expect(functions.size).toBe(0);
  expect(net?.hooks).toEqual(['before']);
});

describe('what is not TorchScript', () => {
  test.each<[string, string, RegExp]>([
    ['a bracket that is not closed', 'def f(x):\n  return (x\n', /a bracket is not closed/],
    ['a bracket that is not open', 'def f(x):\n  return x)\n', /closed that is not open/],
    ['a line that is indented as none before', 'def f(x):\n    pass\n  pass\n', /line 3: a line is indented/],
    ['a text that does not end', 'def f(x):\n  return "a\n', /line 2: a text does not end/],
    ['an unknown escape', 'def f(x):\n  return "\\q"\n', /unknown escape/],
    ['a sign of another language', 'def f(x):\n  return x ? y\n', /is not TorchScript/],
    ['a complex number', 'def f(x):\n  return 1j\n', /a number is not one/],
    ['a number of more than 64 bits', 'def f(x):\n  return 99999999999999999999\n', /more than 64 bits/],
    ['a lambda', 'def f(x):\n  return lambda: x\n', /a value is expected/],
    ['code outside of functions', 'torch.add(1, 2)\n', /"op_version_set" is expected/],
    ['a class that is defined twice', 'class A:\n  pass\nclass A:\n  pass\n', /A is defined twice/],
    [
      'a method that is defined twice',
      'class A:\n  def f(x):\n    pass\n  def f(y):\n    pass\n',
      /f is defined twice in A/,
    ],
    ['a method of the name of an attribute', 'class A:\n  f : int\n  def f(y):\n    pass\n', /f is defined twice in A/],
    ['a parameter that is there twice', 'def f(x, x):\n  pass\n', /x is a parameter twice/],
    ['no body', 'def f(x):\n', /a newline is expected|a indent is expected/],
    ['no index', 'def f(x):\n  return x[]\n', /a value is expected/],
  ])('%s', (_, source, message) => {
    expect(() => parse(source)).toThrow(message);
  });

  test.each<[string, string]>([
    ['brackets', `def f(x):\n  return ${'('.repeat(10_000)}x${')'.repeat(10_000)}\n`],
    ['signs', `def f(x):\n  return ${'-'.repeat(10_000)}x\n`],
    ['calls', `def f(x):\n  return x${'()'.repeat(10_000)}\n`],
    ['powers', `def f(x):\n  return ${'x**'.repeat(10_000)}x\n`],
    ['sums', `def f(x):\n  return ${'x+'.repeat(10_000)}x\n`],
    ['choices', `def f(x):\n  return ${'x if y else '.repeat(10_000)}x\n`],
    ['conditions', `def f(x):\n  if a:\n    pass\n${'  elif b:\n    pass\n'.repeat(10_000)}`],
    ['blocks', Array.from({ length: 5_000 }, (_, i) => `${' '.repeat(i)}if x:\n`).join('')],
    ['types', `def f(x: ${'List['.repeat(10_000)}int${']'.repeat(10_000)}):\n  pass\n`],
  ])('%s that are nested too deep', (_, source) => {
    expect(() => parse(source)).toThrow(/nested deeper|follow each other|more than 10000 characters|is expected/);
  });

  test.each(['a', '\\n', 'a\\"'])('a text of 16 MiB of %j is read', (unit) => {
    const text = unit.repeat((16 * 1024 * 1024) / unit.length);
    const [statement] = parse(`def f(x):\n  return "${text}"\n`).functions.get('f')?.body ?? [];
    expect(statement).toMatchObject({ kind: 'return', value: { kind: 'text' } });
  });

  test('a text that ends with an escape', () => {
    expect(() => parse('def f(x):\n  return "a\\')).toThrow(/a text does not end/);
  });

  test('a file that needs more memory than a file may hold', () => {
    expect(() => parse(`def f(x):\n${'  x = x\n'.repeat(10_000)}`, { maxFileMemory: 100_000 })).toThrow(
      /maxFileMemory/,
    );
  });
});

test('no text makes the parser throw anything but its own error', () => {
  const words = [
    'def f(x):\n',
    '  ',
    'x',
    '(',
    ')',
    '[',
    ']',
    ':',
    ',',
    '=',
    '.',
    '\n',
    '"',
    "'",
    'if ',
    'else',
    'class A:\n',
    '-',
    '1',
    '# ',
    'return ',
    'for ',
    'in ',
    '\\',
    '{',
    '}',
    'é',
    '\t',
    '**',
  ];
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (source) => {
      try {
        parse(source);
      } catch (error) {
        if (!isAssayError(error)) throw error;
        expect(['malformed', 'limit']).toContain(error.code);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an expression that is written is the one that is read', () => {
  const name = fc.constantFrom('x', 'torch', '_0', 'weight1');
  const leaf = fc.oneof(
    name,
    fc.integer({ min: 0, max: 1_000 }).map(String),
    fc.constantFrom('None', 'True', '"a b"', '0.5'),
  );
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc
        .tuple(name, fc.array(tie('tree'), { maxLength: 3 }))
        .map(([of, items]) => `${of}(${items.join(', ')}, )`.replace('(, )', '()')),
      tie('tree').map((one) => `(${one}).a`),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a})[${b}]`),
    ),
  }));
  fc.assert(
    fc.property(tree, (text) => {
      const once = shown(returned(text));
      expect(shown(returned(`(${text})`))).toBe(once);
    }),
  );
});
