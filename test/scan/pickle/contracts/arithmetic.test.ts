import { describe, expect, it } from 'vitest';
import { dict, int, leaf, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { CLEAN, judged, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const created = (of: string, ...args: Node[]): Made => ({
  kind: 'made',
  how: 'newobj',
  callee: name(of),
  args: tuple(...args),
  steps: [],
});
const made = (of: string, ...args: Node[]) => created(`sympy.${of}`, ...args);
const add = (...args: Node[]) => made('core.add:Add', ...args);
const mul = (...args: Node[]) => made('core.mul:Mul', ...args);
const pow = (base: Node, exponent: Node) => made('core.power:Pow', base, exponent);
const exp = (of: Node) => made('functions.elementary.exponential:exp', of);
const sin = (of: Node) => made('functions.elementary.trigonometric:sin', of);
const number = (value: number | bigint) => made('core.numbers:Integer', int(value));
const half = made('core.numbers:Half');
const x = made('core.symbol:Symbol', leaf('x'));
const times = (count: number, of: (inner: Node) => Node, start: Node): Node =>
  count === 0 ? start : of(times(count - 1, of, start));
const built = (of: Made, ...state: Node[]): Made => {
  of.steps.push({ does: 'build', items: state });
  return of;
};

describe('the contract of expressions of SymPy, which evaluate their arguments again', () => {
  it.each([
    ['a sum', CLEAN, add(x, number(2), mul(half, x))],
    ['a bell curve', CLEAN, exp(mul(made('core.numbers:Rational', int(-1), int(2)), pow(x, number(2))))],
    ['a root', CLEAN, pow(add(x, number(1)), half)],
    ['a sine', CLEAN, add(pow(sin(x), number(2)), made('core.numbers:Pi'))],
    ['an equation', CLEAN, made('core.relational:Equality', pow(x, number(2)), half)],
    ['an integral', CLEAN, made('integrals.integrals:Integral', exp(x), tuple(x, number(0), number(1)))],
    ['a power with a large exponent', UNEXPECTED, pow(number(2), number(10 ** 9))],
    ['a product with a large exponent', UNEXPECTED, pow(mul(number(3), x), number(10 ** 9))],
    ['a power that a sum makes large', UNEXPECTED, pow(number(2), add(x, number(10 ** 6), mul(number(-1), x)))],
    ['a power that a product makes large', UNEXPECTED, pow(number(2), mul(number(200), number(200)))],
    ['powers in each other', UNEXPECTED, times(4, (inner) => pow(inner, number(100)), number(10))],
    ['a tower of powers', UNEXPECTED, times(3, (inner) => pow(number(9), inner), number(9))],
    ['exponentials in each other', UNEXPECTED, exp(exp(number(100)))],
    ['an exponential in an exponent', UNEXPECTED, pow(number(2), exp(number(5)))],
    ['a number of a thousand digits', UNEXPECTED, number(10n ** 1000n)],
    ['sums that share their parts', UNEXPECTED, times(12, (inner) => add(inner, inner), x)],
    ['functions nested too deep', UNEXPECTED, times(40, sin, x)],
    ['a sum of too many parts', UNEXPECTED, add(...new Array<Node>(65).fill(x))],
    ['a symbol with a long name', UNEXPECTED, made('core.symbol:Symbol', leaf('x'.repeat(100)))],
    ['a constant with an argument', UNEXPECTED, made('core.numbers:Pi', number(1))],
    ['a power of one part', UNEXPECTED, made('core.power:Pow', x)],
    ['an instance of another class', UNEXPECTED, add(created('collections:ChainMap'))],
    [
      'a symbol whose state is set',
      UNEXPECTED,
      built(made('core.symbol:Symbol', leaf('x')), dict(leaf('name'), leaf('y'))),
    ],
    ['a number whose state is set', UNEXPECTED, built(made('core.numbers:One'), dict(leaf('p'), int(2)))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it.each([
    ['a sum', add(leaf('__import__("os").system("id")'), x)],
    ['a number', made('core.numbers:Integer', leaf('9**9**9'))],
    ['a part of a part', add(x, mul(leaf('exit()'), x))],
    ['an equation', made('core.relational:Equality', x, leaf('exit()'))],
    ['a limit', made('integrals.integrals:Integral', x, tuple(x, leaf('exit()')))],
    ['bytes', add(leaf(new Uint8Array([40, 41])), x)],
  ])('is broken by text that would be evaluated in %s', async (_, root) => {
    expect((await judged(root))[0]).toBe('malicious');
  });

  it('is broken by a function among its parts', async () => {
    expect((await judged(add(name('os:system'), x)))[0]).toBe('malicious');
  });
});
