import { INT, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected, worst } from '../contract.ts';
import { otherThan } from '../numbers.ts';

/** What is known of an expression before it is evaluated. */
interface Size {
  /** No number in its value has more bits. */
  readonly bits: number;
  /** Its parts, each as often as it occurs. */
  readonly parts: number;
  readonly depth: number;
  /** It has an exponential, which must not stand in an exponent. */
  readonly grows: boolean;
}

type Measured = { readonly kind: 'size'; readonly size: Size } | { readonly kind: 'breach'; readonly breach: Breach };

const MAX_PARTS = 64;
const MAX_DEPTH = 12;
const MAX_BITS = 2048;
/** A number with more bits is not taken as an exponent. */
const MAX_EXPONENT_BITS = 8;
const MAX_NUMBER = 2 ** 32;
const MAX_NAME = 64;

const NUMBERS: Readonly<Record<string, number>> = { Integer: 1, Rational: 2 };
const FUNCTIONS: ReadonlySet<string> = new Set(['exp', 'log', 'sin', 'cos', 'tan']);
const TOO_LARGE = unexpected('the expression takes too long to evaluate, or more memory than is usual');

const CONSTANTS =
  /^sympy\.core\.numbers:(?:Zero|One|NegativeOne|Half|Infinity|NegativeInfinity|Pi|Exp1|ImaginaryUnit)$/;
const CLASSES =
  /^sympy\.(?:core\.(?:add:(Add)|mul:(Mul)|power:(Pow)|symbol:(Symbol)|numbers:(Integer|Rational))|functions\.elementary\.(?:exponential:(exp|log)|trigonometric:(sin|cos|tan)))$/;

/** A class of SymPy is made of its arguments again, which evaluates them: a small sum, product or power of numbers and symbols. */
function expression(name: string): Contract {
  return (args, context) => {
    const measured = measureCall(name, args, context, 0);
    return measured.kind === 'breach' && !context.state.waits ? measured.breach : undefined;
  };
}

function measure(of: Value | undefined, context: ContractContext, depth: number): Measured {
  const call = of?.kind === OBJECT ? context.state.callOf(of) : undefined;
  const maker = of === undefined ? undefined : context.madeBy(of);
  const args = call === undefined ? undefined : context.state.tuple(call.args);
  if (maker === undefined || args === undefined || call?.built === true)
    return { kind: 'breach', breach: otherwise(of) };
  return measureCall(`${maker.module}:${maker.name}`, args, context, depth);
}

/** Text is evaluated as an expression, with all that Python can do. */
function otherwise(of: Value | undefined): Breach {
  return of !== undefined && of.kind < OBJECT
    ? 'text or a plain value is evaluated as an expression'
    : otherThan(of, 'an expression');
}

function measureCall(name: string, args: readonly Value[], context: ContractContext, depth: number): Measured {
  context.state.budget.work(1);
  if (CONSTANTS.test(name)) return args.length === 0 ? size(2, 1, depth) : broken('a constant is made with arguments');
  const kind = CLASSES.exec(name)
    ?.slice(1)
    .find((found) => found !== undefined);
  if (kind === undefined) return broken('a part of the expression is not a number, a symbol or a known operation');
  if (depth > MAX_DEPTH) return { kind: 'breach', breach: TOO_LARGE };
  if (kind === 'Symbol') return symbol(args, context, depth);
  if (Object.hasOwn(NUMBERS, kind)) return number(args, NUMBERS[kind] ?? 0, context, depth);
  return operation(kind, args, context, depth);
}

function size(bits: number, parts: number, depth: number, grows = false): Measured {
  const fits = bits <= MAX_BITS && parts <= MAX_PARTS;
  return fits ? { kind: 'size', size: { bits, parts, depth, grows } } : { kind: 'breach', breach: TOO_LARGE };
}

function broken(what: string): Measured {
  return { kind: 'breach', breach: unexpected(what) };
}

function symbol(args: readonly Value[], context: ContractContext, depth: number): Measured {
  const name = args.length === 1 ? textAt(args, 0, context) : undefined;
  return name !== undefined && name.length <= MAX_NAME
    ? size(0, 1, depth)
    : broken('a symbol does not have a short name');
}

function number(args: readonly Value[], count: number, context: ContractContext, depth: number): Measured {
  let bits = 0;
  for (const arg of args) {
    if (arg.kind !== INT) return { kind: 'breach', breach: otherwise(arg) };
    const value = Math.abs(context.state.integer(arg) ?? Number.POSITIVE_INFINITY);
    if (value > MAX_NUMBER) return { kind: 'breach', breach: TOO_LARGE };
    bits += Math.log2(value + 1);
  }
  return args.length === count ? size(bits, 1, depth) : broken('a number is made with other arguments');
}

function operation(kind: string, args: readonly Value[], context: ContractContext, depth: number): Measured {
  const most = FUNCTIONS.has(kind) ? 1 : kind === 'Pow' ? 2 : MAX_PARTS;
  if (args.length > most || (most <= 2 && args.length < most)) return broken('an operation has other arguments');
  const sizes: Size[] = [];
  for (const arg of args) {
    const measured = measure(arg, context, depth + 1);
    if (measured.kind === 'breach') return measured;
    sizes.push(measured.size);
    // Before the next one is looked at: shared parts would multiply.
    if (sumOf(sizes, 'parts') > MAX_PARTS) return { kind: 'breach', breach: TOO_LARGE };
  }
  const [first, second] = sizes;
  const exponent = kind === 'Pow' ? second : kind === 'exp' ? first : undefined;
  if (exponent !== undefined && (exponent.grows || exponent.bits > MAX_EXPONENT_BITS))
    return { kind: 'breach', breach: TOO_LARGE };
  const bits = bitsOf(kind, sizes);
  const grows = kind === 'exp' || sizes.some((one) => one.grows);
  return size(bits, 1 + sumOf(sizes, 'parts'), depth, grows);
}

/** The bits of numbers that the value of an operation may have. */
function bitsOf(kind: string, sizes: readonly Size[]): number {
  const [first, second] = sizes.map(({ bits }) => bits);
  if (kind === 'Pow') return (first ?? 0) * 2 ** (second ?? 0) + 1;
  // An exponential of a logarithm is a power of what that is of.
  if (kind === 'exp') return ((first ?? 0) + 2) * 2 ** (first ?? 0);
  return sumOf(sizes, 'bits') + Math.log2(sizes.length + 1);
}

function sumOf(sizes: readonly Size[], key: 'bits' | 'parts'): number {
  return sizes.reduce((sum, one) => sum + one[key], 0);
}

/** `Equality(left, right)`: both are subtracted, and compared with zero. */
const equality: Contract = (args, context) =>
  args.length === 2 ? allMeasured(args, context) : unexpected('an equation does not have two sides');

/** `Integral(expression, limits...)`, which is not evaluated; limits are a symbol and up to two bounds. */
const integral: Contract = (args, context) => {
  const [of, ...limits] = args;
  const bounds = limits.map((limit) => context.state.tuple(limit));
  if (of === undefined || bounds.length === 0 || bounds.length > 3)
    return unexpected('an integral has other arguments');
  if (bounds.some((bound) => bound === undefined || bound.length === 0 || bound.length > 3))
    return unexpected('the limits of an integral are not a symbol and its bounds');
  return allMeasured([of, ...bounds.flatMap((bound) => bound ?? [])], context);
};

function allMeasured(values: readonly Value[], context: ContractContext): Breach | undefined {
  const measured = values.map((value) => measure(value, context, 1));
  if (context.state.waits) return undefined;
  const found = worst(...measured.map((one) => (one.kind === 'breach' ? one.breach : undefined)));
  const parts = measured.reduce((sum, one) => sum + (one.kind === 'size' ? one.size.parts : 0), 0);
  return found ?? (parts > MAX_PARTS ? TOO_LARGE : undefined);
}

/** Numbers and symbols are kept once for a process: a state would change them for all of it. */
const noState: Contract = () => unexpected('its state changes an object that the whole process shares');

const NAMES = [
  ...['core.add:Add', 'core.mul:Mul', 'core.power:Pow', 'core.symbol:Symbol'],
  ...['Integer', 'Rational', 'Zero', 'One', 'NegativeOne', 'Half', 'Infinity', 'NegativeInfinity', 'Pi', 'Exp1'].map(
    (name) => `core.numbers:${name}`,
  ),
  'core.numbers:ImaginaryUnit',
  ...['exponential:exp', 'exponential:log', 'trigonometric:sin', 'trigonometric:cos', 'trigonometric:tan'].map(
    (name) => `functions.elementary.${name}`,
  ),
].map((name) => `sympy.${name}`);

export const ARITHMETIC_CALLS: readonly (readonly [string, Contract])[] = [
  ...NAMES.map((name) => [name, expression(name)] as const),
  ['sympy.core.relational:Equality', equality],
  ['sympy.integrals.integrals:Integral', integral],
];

/** By "module:name": what the state of an instance must keep to. */
export const ARITHMETIC_STATES: readonly (readonly [string, Contract])[] = ARITHMETIC_CALLS.map(
  ([name]) => [name, noState] as const,
);
