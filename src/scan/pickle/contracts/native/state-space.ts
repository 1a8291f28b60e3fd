import { NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected, worst } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { claim } from './claims.ts';
import { fieldsOf, knownArray } from './known-array.ts';
import { filterShapes, INITIAL, modelShapes, type Shapes, type Sizes, smootherShapes } from './state-space-shapes.ts';

/**
 * State space models of statsmodels (tsa/statespace/_representation.pyx.in and beside it, the same from 0.12.1 to 0.15.0). A constructor
 * makes arrays of sizes that those of its model give, and a state replaces them. Their code does not check sizes afterwards, so
 * each array must have exactly the shape that the constructor makes.
 */
const PACKAGE = 'statsmodels.tsa.statespace.';
const UNTOLD = unexpected('the sizes of the model are unknown');
const SHAPES = unexpected('the arrays do not fit the model');

/** Classes are written once for each type of numbers, which is the first letter of their names. */
const ELEMENTS: Readonly<Record<string, string>> = { s: 'f4', d: 'f8', c: 'c8', z: 'c16' };

interface Made {
  readonly kind: string;
  readonly element: string;
  readonly args: readonly Value[];
}

/** The class of a value, when it is one of these classes: `Statespace`, of `f8`. */
function madeAs(of: Value | undefined, context: ContractContext): Made | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  const call = of === undefined ? undefined : context.state.callOf(of);
  const args = call === undefined ? undefined : context.state.tuple(call.args);
  const element = ELEMENTS[maker?.name[0] ?? ''];
  if (maker?.module.startsWith(PACKAGE) !== true || element === undefined || args === undefined) return undefined;
  return { kind: maker.name.slice(1), element, args };
}

function isShape(of: Value | undefined, element: string, sizes: readonly number[], context: ContractContext): boolean {
  const array = knownArray(of, context);
  if (array === undefined || `${array.letter}${array.itemSize}` !== element) return false;
  return array.sizes.length === sizes.length && sizes.every((size, i) => array.sizes[i] === size);
}

/** The sizes of a model by the arrays that it is made of; the last dimension of most is 1, or a place for each period. */
function sizesOf(args: readonly Value[], element: string, context: ContractContext): Sizes | undefined {
  const [series, periods] = knownArray(args[0], context)?.sizes ?? [];
  const [states, shocks] = knownArray(args[6], context)?.sizes ?? [];
  if (!isPositive(series) || !isPositive(periods) || !isPositive(states) || !isPositive(shocks)) return undefined;
  const leading = [
    [series],
    [series, states],
    [series],
    [series, series],
    [states, states],
    [states],
    [states, shocks],
    [shocks, shocks],
  ];
  const varying = leading.map((sizes, i) => {
    if (i > 0 && isShape(args[i], element, [...sizes, 1], context)) return 1;
    return isShape(args[i], element, [...sizes, periods], context) ? periods : undefined;
  });
  if (varying.includes(undefined)) return undefined;
  return { series, states, shocks, periods, selected: Math.max(varying[6] ?? 1, varying[7] ?? 1) };
}

function isPositive(size: number | undefined): size is number {
  return size !== undefined && size > 0;
}

function modelOf(of: Value | undefined, element: string, context: ContractContext): Sizes | undefined {
  const model = madeAs(of, context);
  return model?.kind === 'Statespace' && model.element === element ? sizesOf(model.args, element, context) : undefined;
}

/** A filter's model, its sizes, its method and what it leaves out to save memory. */
function filterOf(args: readonly Value[], element: string, context: ContractContext) {
  const sizes = modelOf(args[0], element, context);
  const [method, saving] = [numberOf(args[1], context), numberOf(args[4], context)];
  if (sizes === undefined || typeof method !== 'number' || typeof saving !== 'number') return undefined;
  return { sizes, shapes: filterShapes(sizes, method, saving), method };
}

const modelCall =
  (element: string): Contract =>
  (args, context) =>
    sizesOf(args, element, context) === undefined && !context.state.waits ? UNTOLD : undefined;

const filterCall =
  (element: string): Contract =>
  (args, context) =>
    filterOf(args, element, context) === undefined && !context.state.waits ? UNTOLD : undefined;

/** A smoother goes through its model and a filter of the same model. */
const smootherCall =
  (element: string): Contract =>
  ([model, filter], context) => {
    const made = madeAs(filter, context);
    const fits = made?.kind === 'KalmanFilter' && made.element === element && made.args[0]?.ref === model?.ref;
    if (context.state.waits) return undefined;
    return fits && modelOf(model, element, context) !== undefined ? undefined : UNTOLD;
  };

const initialCall =
  (element: string): Contract =>
  ([count, constant, covariance], context) => {
    const states = numberOf(count, context);
    if (context.state.waits) return undefined;
    if (typeof states !== 'number') return states;
    const fits =
      isShape(constant, element, [states], context) && isShape(covariance, element, [states, states], context);
    return fits || context.state.waits ? undefined : SHAPES;
  };

/** Checks a state against shapes, and numbers that are positions. */
function checked(
  state: Value | undefined,
  shapes: Shapes,
  element: string,
  places: Readonly<Record<string, readonly [least: number, most: number]>>,
  context: ContractContext,
): Breach | undefined {
  const fields = fieldsOf(state, context);
  if (context.state.waits) return undefined;
  if (fields === undefined) return UNTOLD;
  for (const [name, sizes] of Object.entries(shapes)) {
    const kind = name === 'missing' || name === 'nmissing' || name === 'univariate_filter' ? 'i4' : element;
    if (!isShape(fields.get(name), kind, sizes, context)) return context.state.waits ? undefined : SHAPES;
  }
  for (const [name, [least, most]] of Object.entries(places)) {
    const place = numberOf(fields.get(name), context);
    if (context.state.waits) return undefined;
    if (typeof place !== 'number') return place;
    if (place < least || place > most) return unexpected(`${name} is not a position in the model`);
  }
  return undefined;
}

const modelState =
  (element: string): Contract =>
  ([state], context) => {
    const sizes = modelOf(context.target, element, context);
    if (sizes === undefined) return context.state.waits ? undefined : UNTOLD;
    const fields = fieldsOf(state, context);
    // Before it is initialised, a model has no first state, and only raises.
    const bare =
      INITIAL.every((name) => fields?.get(name)?.kind === NONE) && isZero(fields?.get('initialized'), context);
    const shapes = Object.entries(modelShapes(sizes)).filter(([name]) => !(bare && INITIAL.includes(name)));
    const broken = checked(state, Object.fromEntries(shapes), element, { t: [0, sizes.periods - 1] }, context);
    if (broken !== undefined || context.state.waits || fields === undefined) return broken;
    // These numbers select the observations that are left out.
    return worst(
      ...['missing', 'nmissing'].map((name) => {
        const array = knownArray(fields.get(name), context);
        return array === undefined ? UNTOLD : claim(array, { kind: 'indexes', least: 0, below: 1 }, context);
      }),
    );
  };

function isZero(of: Value | undefined, context: ContractContext): boolean {
  return of !== undefined && context.state.integer(of) === 0;
}

const filterState =
  (element: string): Contract =>
  ([state], context) => {
    const filter = filterOf(madeAs(context.target, context)?.args ?? [], element, context);
    if (filter === undefined) return context.state.waits ? undefined : UNTOLD;
    const { shapes, sizes } = filter;
    const range = [0, sizes.periods] as const;
    const broken = checked(state, shapes, element, { t: range, nobs_diffuse: range, period_converged: range }, context);
    if (broken !== undefined || context.state.waits) return broken;
    const pivots = knownArray(fieldsOf(state, context)?.get('forecast_error_ipiv'), context);
    const [series = 0] = shapes.forecast ?? [];
    if (pivots?.letter !== 'i' || pivots.sizes.length !== 1 || pivots.sizes[0] !== series) return SHAPES;
    return claim(pivots, { kind: 'indexes', least: 0, below: series + 1 }, context);
  };

const smootherState =
  (element: string): Contract =>
  ([state], context) => {
    const filter = filterOf(madeAs(madeAs(context.target, context)?.args[1], context)?.args ?? [], element, context);
    if (filter === undefined) return context.state.waits ? undefined : UNTOLD;
    const { sizes, method } = filter;
    return checked(state, smootherShapes(sizes, method), element, { t: [-1, sizes.periods - 1] }, context);
  };

const initialState =
  (element: string): Contract =>
  ([state], context) => {
    const states = numberOf(madeAs(context.target, context)?.args[0], context);
    if (context.state.waits) return undefined;
    if (typeof states !== 'number') return states;
    const square = [states, states];
    return checked(state, { _tmp_transition: square, _tmp_selected_state_cov: square }, element, {}, context);
  };

const CLASSES = [
  ['_representation', 'Statespace', modelCall, modelState],
  ['_kalman_filter', 'KalmanFilter', filterCall, filterState],
  ['_kalman_smoother', 'KalmanSmoother', smootherCall, smootherState],
  ['_initialization', 'Initialization', initialCall, initialState],
] as const;

function all(choose: (each: (typeof CLASSES)[number]) => (element: string) => Contract) {
  return CLASSES.flatMap((each) =>
    Object.entries(ELEMENTS).map(
      ([letter, element]) => [`${PACKAGE}${each[0]}:${letter}${each[1]}`, choose(each)(element)] as const,
    ),
  );
}

/** By "module:name": what the arguments of each class, and its state, must keep to. */
export const STATE_SPACE_CALLS: readonly (readonly [string, Contract])[] = all((each) => each[2]);
export const STATE_SPACE_STATES: readonly (readonly [string, Contract])[] = all((each) => each[3]);
