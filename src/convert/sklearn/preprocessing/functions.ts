import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Inert, inertTitle, isKind } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';
import type { Converter } from '../context/index.ts';

/** Functions of NumPy that do the same to each number. */
const FUNCTIONS: Readonly<Record<string, (ops: Operators, x: GraphValue) => GraphValue>> = {
  abs: (ops, x) => ops.op('Abs', [x]),
  absolute: (ops, x) => ops.op('Abs', [x]),
  cos: (ops, x) => ops.op('Cos', [x]),
  exp: (ops, x) => ops.op('Exp', [x]),
  expm1: (ops, x) => ops.sub(ops.op('Exp', [x]), ops.real(1)),
  log: (ops, x) => ops.op('Log', [x]),
  log10: (ops, x) => ops.scale(ops.op('Log', [x]), Math.LOG10E),
  log1p: (ops, x) => ops.op('Log', [ops.add(x, ops.real(1))]),
  log2: (ops, x) => ops.scale(ops.op('Log', [x]), Math.LOG2E),
  negative: (ops, x) => ops.op('Neg', [x]),
  reciprocal: (ops, x) => ops.div(ops.real(1), x),
  sin: (ops, x) => ops.op('Sin', [x]),
  sqrt: (ops, x) => ops.op('Sqrt', [x]),
  square: (ops, x) => ops.square(x),
  tanh: (ops, x) => ops.op('Tanh', [x]),
};

/** NumPy's functions are pickled by the name of any of these. */
const MODULES: ReadonlySet<string> = new Set([
  'numpy',
  'numpy.core._multiarray_umath',
  'numpy._core._multiarray_umath',
]);

/** A function of NumPy, by its name; the name of another value. */
function functionName(value: Inert): string {
  if (isKind(value, 'global') && MODULES.has(value.module)) return value.name;
  // NumPy pickles its functions by a call with their names.
  if (isKind(value, 'object') && isKind(value.callee, 'global') && value.callee.name === '_ufunc_reconstruct') {
    const [module, name] = isKind(value.args, 'tuple') ? value.args.items : [];
    if (module === 'numpy' && typeof name === 'string') return name;
  }
  return inertTitle(value);
}

/**
 * What the function of a `FunctionTransformer` makes of numbers.
 * @param attribute the function, which may be None
 */
export function appliedFunction(estimator: Estimator, attribute: string, x: GraphValue, ops: Operators): GraphValue {
  const func = estimator.raw(attribute) ?? null;
  if (func === null) return x;
  const name = functionName(func);
  const given = attribute === 'func' ? 'kw_args' : 'inv_kw_args';
  if (!estimator.lacks(given)) throw estimator.refuse(`its function ${name} has arguments (${given})`);
  const made = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (made === undefined) {
    const known = Object.keys(FUNCTIONS).join(', ');
    throw estimator.refuse(`its function ${name} has code that is not in the file`, `use one of numpy: ${known}`);
  }
  return made(ops, x);
}

/** `FunctionTransformer` of a function of NumPy, or of none. */
export const functionTransformer: Converter = {
  transform(estimator, x, context) {
    if (estimator.lacks('func')) return context.matrix(estimator, x);
    const { value, width } = context.reals(estimator, x);
    return context.ops.result(appliedFunction(estimator, 'func', value, context.ops), width);
  },
};
