import type { SeededRandom } from '../../src/core/random.ts';

const NAMES = ['messages', 'tools', 'x', 'bos_token', 'eos_token', 'evil', 'a', 'b', 'ns', 'loop', 'm', 'none', 'true'];
const LEADING = [
  'lipsum',
  'cycler',
  'joiner',
  'self',
  'namespace',
  'dict',
  'range',
  'caller',
  'varargs',
  'raise_exception',
  'strftime_now',
  '_',
  'request',
];
const PLAIN_TEXTS = ["'role'", "'content'", "'user'", "''", "'text'", "', '", "'\\n'", "'name'"];
const PARTS = [
  "'__class__'",
  "'__cla'",
  "'ss__'",
  "'_'",
  "'__'",
  "'class'",
  "'ssalc'",
  "'%c'",
  "'{0.__class__}'",
  "'\\x5f\\x5finit\\x5f\\x5f'",
  "'\\u005f_globals__'",
  "'__CLASS__'",
  "'-_-_class_-_-'",
  "'_ _class_ _'",
  "'mro'",
  "'gi_frame'",
  "'attr'",
  "'format'",
  '"__in" "it__"',
  "'__class__.__init__'",
];
const FILTERS = [
  'trim',
  'lower',
  'upper',
  'list',
  'string',
  'length',
  'first',
  'last',
  'reverse',
  'join',
  "join('')",
  "join('_')",
  'tojson',
  'default',
  'items',
  'sort',
  'unique',
  'title',
  'capitalize',
  'sum',
  'min',
  'max',
  'int',
  'safe',
  'escape',
  'dictsort',
  "replace('-', '')",
  "replace('a', '_')",
  'batch(2)',
  'slice(2)',
  "map('upper')",
  "map(attribute='role')",
  "selectattr('role')",
  "select('string')",
  "groupby('role')",
  "rejectattr('role', 'equalto', 'user')",
];
const HOSTILE_FILTERS = [
  "attr('__class__')",
  'attr(evil)',
  "map('attr', '__class__')",
  'map(attribute=evil)',
  "map(attribute='__class__')",
  "map(attribute='role.__class__')",
  "selectattr('__class__')",
  "groupby('__class__')",
  "sort(attribute='__class__')",
  "sum(attribute='__class__')",
  'unique(attribute=evil)',
  "min(attribute='__class__')",
  'format(95)',
  "join(attribute='__class__')",
  "join(',', '__class__')",
  "map('map', attribute='__class__')",
  'map(evil)',
  "map('items')",
  'reject(evil)',
  'xmlattr',
  'pprint',
  'urlize',
  'wordwrap(1)',
  'center(100)',
  'filesizeformat',
  'random',
  'indent(2)',
  "groupby(attribute='__class__')",
  "map(**{'attribute': '__class__'})",
  "map(*['attr', '__class__'])",
  "dictsort(by='value')",
  "batch(1, '__class__')",
];
const METHODS = [
  'split()',
  'strip()',
  'upper()',
  'lower()',
  "get('role')",
  'items()',
  'keys()',
  'values()',
  "replace('-', '')",
  "startswith('_')",
  "join(['__', 'class', '__'])",
  "split('-')",
  'title()',
  'count(1)',
  'splitlines()',
  "partition('_')",
  'pop()',
  "append('__class__')",
  'zfill(3)',
  'capitalize()',
  "find('a')",
  "index('a')",
  "rsplit('_')",
];
const HOSTILE_METHODS = [
  'format(x)',
  "format_map({'a': x})",
  'mro()',
  '__init__()',
  'encode()',
  'translate({45: 95})',
  'copy()',
  'update(a=1)',
  'setdefault(1, 2)',
  'fromkeys([1])',
  'ljust(9)',
  'center(9)',
  'expandtabs()',
  'swapcase()',
  'next()',
  'casefold()',
];

/** Templates that are put together of what chat templates do, and now and then of what attacks do. */
export function jinjaProgram(random: SeededRandom): string {
  return new Composer(random).template();
}

class Composer {
  readonly #random: SeededRandom;
  /** The share of hostile parts, of 100; a template of none tells nothing. */
  readonly #hostile: number;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#hostile = [3, 10, 30][random.below(3)] ?? 3;
  }

  template(): string {
    const parts = Array.from({ length: 1 + this.#random.below(4) }, () => this.#statement(0));
    return parts.join(this.#pick(['', '\n', ' text ']));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)] as T;
  }

  #isHostile(): boolean {
    return this.#random.below(100) < this.#hostile;
  }

  #statement(depth: number): string {
    const e = () => this.#expression(0);
    const body = () => (depth > 2 ? `{{ ${e()} }}` : this.#statement(depth + 1));
    const plain = [
      () => `{{ ${e()} }}`,
      () => `{{ ${e()} }}`,
      () => `{% set a = ${e()} %}{{ a }}`,
      () => `{% set b %}${body()}{% endset %}${body()}`,
      () => `{% set ns = namespace(a=${e()}, b=0) %}{% set ns.b = ${e()} %}{{ ns.a }}`,
      () => `{% for m in ${e()} %}${body()}{% endfor %}`,
      () => `{% for a, b in ${e()} %}${body()}{% else %}${body()}{% endfor %}`,
      () => `{% for m in messages if ${e()} %}${body()}{% endfor %}`,
      () => `{% if ${e()} %}${body()}{% elif ${e()} %}${body()}{% else %}${body()}{% endif %}`,
      () => `{% macro f(a, b=${e()}) %}${body()}{% endmacro %}{{ f(${e()}) }}`,
      () => `{% set a, b = ${e()}, ${e()} %}{{ a }}${body()}`,
    ];
    const hostile = [
      () => `{% set ${this.#pick(['range', 'namespace', 'loop', 'x.a', '_a'])} = ${e()} %}${body()}`,
      () => `{% filter ${this.#pick(FILTERS)} %}${body()}{% endfilter %}`,
      () => `{% call(a) f(${e()}) %}${body()}{% endcall %}`,
      () => `{% macro f(a) %}{{ caller(${e()}) }}{% endmacro %}{% call(b) f(1) %}{{ b${this.#suffix()} }}{% endcall %}`,
      () => `{% with a = ${e()} %}${body()}{% endwith %}`,
      () => `{% block c %}${body()}{% endblock %}{{ self.c() }}`,
      () => `{% include ${e()} %}`,
      () => `{% import ${e()} as a %}`,
      () => `{% from ${e()} import a %}`,
      () =>
        `{% for m in range(${this.#pick(['10', '999999999', '9 ** 9', 'messages|length', '10 * 10 ** 8'])}) %}${body()}{% endfor %}`,
      () => `{% for m in messages recursive %}{{ loop(${e()}) }}{% endfor %}`,
      () => `{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}`,
      () => `{% autoescape true %}${body()}{% endautoescape %}`,
      () => `{% do ${e()} %}`,
      () => `{# ${e()} #}{{- ${e()} -}}`,
      () => `{% raw %}{{ x.__class__ }}{% endraw %}${body()}`,
      () => `{% set a = ${this.#pick(PARTS)} %}{% set b = ${this.#pick(PARTS)} %}{{ x[a ~ b] }}`,
      () => `{% for a in [${this.#pick(PARTS)}] %}{{ x[a] }}{{ m[a] }}{% endfor %}`,
    ];
    return this.#isHostile() ? this.#pick(hostile)() : this.#pick(plain)();
  }

  #expression(depth: number): string {
    if (depth > 3) return this.#atom();
    const e = () => this.#expression(depth + 1);
    const shapes = [
      () => this.#atom(),
      () => `${this.#atom()}${this.#suffix()}`,
      () => `${this.#atom()}${this.#suffix()}${this.#suffix()}`,
      () => `(${e()})${this.#suffix()}`,
      () => `${e()} ~ ${e()}`,
      () => `${e()} + ${e()}`,
      () => `${e()} == ${e()}`,
      () => `${e()} in ${e()}`,
      () => `(${e()} if ${e()} else ${e()})`,
      () => `${e()} and ${e()}`,
      () => `not ${e()}`,
      () => `${e()} is ${this.#pick(['defined', 'string', 'mapping', 'none', 'sameas(x)', 'iterable'])}`,
      () => `[${e()}, ${e()}]`,
      () => `{'a': ${e()}, ${this.#pick(PLAIN_TEXTS)}: ${e()}}`,
      () => `(${e()}, ${e()})`,
    ];
    const hostile = [
      () => `${e()} % ${e()}`,
      () => `${e()} * ${this.#pick(['2', '10', '999999'])}`,
      () => `${this.#pick(['9', '10'])} ** ${this.#pick(['9', '99999999'])}`,
      () => `${e()}[${e()} ~ ${this.#pick(PARTS)}]`,
      () => `${e()}[${e()}:${e()}]`,
      () => `${this.#pick(LEADING)}${this.#suffix()}`,
      () => `${this.#pick(LEADING)}(${e()})`,
      () => `x[${this.#pick(PARTS)}|${this.#pick(FILTERS)}]`,
      () => `x[${e()}]`,
      () => `[${this.#pick(PARTS)}, ${this.#pick(PARTS)}]|${this.#pick(FILTERS)}`,
      () => `x[[${this.#pick(PARTS)}, ${this.#pick(PARTS)}]|join]`,
      () => `dict(a=${this.#pick(PARTS)}).a`,
      () => `${e()} is ${this.#pick(['callable', 'filter', 'test', 'in(x)', 'eq(1)'])}`,
      () => `(${this.#pick(PARTS)} if true else 0)|${this.#pick(HOSTILE_FILTERS)}`,
    ];
    return this.#isHostile() ? this.#pick(hostile)() : this.#pick(shapes)();
  }

  #atom(): string {
    if (this.#isHostile()) return this.#pick([...PARTS, ...LEADING]);
    return this.#pick([...NAMES, ...NAMES, ...PLAIN_TEXTS, '0', '1', '2', '-1', '[]', '{}', '3.5']);
  }

  #suffix(): string {
    const plain = [
      () => `|${this.#pick(FILTERS)}`,
      () => `|${this.#pick(FILTERS)}`,
      () => `.${this.#pick(METHODS)}`,
      () => `.${this.#pick(['role', 'content', 'function', 'name', 'index0', 'first', 'a', 'b'])}`,
      () => `[${this.#pick([...PLAIN_TEXTS, '0', '-1', '1:', ':2', '::-1', 'loop.index0'])}]`,
    ];
    const hostile = [
      () => `|${this.#pick(HOSTILE_FILTERS)}`,
      () => `.${this.#pick(HOSTILE_METHODS)}`,
      () =>
        `.${this.#pick(['__class__', '__init__', '__globals__', '_a', 'mro', 'gi_frame', 'format', '__doc__', 'func_globals'])}`,
      () => `[${this.#pick(PARTS)}]`,
      () => `[${this.#pick(NAMES)}]`,
      () => `[${this.#pick(PARTS)}[::-1]]`,
      () => `[${this.#pick(PARTS)}|${this.#pick(FILTERS)}]`,
      () => `(${this.#pick(NAMES)})`,
      () => `(*${this.#pick(NAMES)}, **{})`,
    ];
    return this.#isHostile() ? this.#pick(hostile)() : this.#pick(plain)();
  }
}
