import { describe, expect, it } from 'vitest';
import { call, copyOf, int, leaf, type Made, makerOf, type Node, name } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, changed, dtype, judged, numbers, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const FILES = ['statsmodels/0.12.2/UnobservedComponents.p4.pkl', 'statsmodels/0.15.0/UnobservedComponents.p4.pkl'];
const FILE = FILES[1] ?? '';
const PACKAGE = 'statsmodels.tsa.statespace.';
const MODEL = `${PACKAGE}_representation:dStatespace`;
const FILTER = `${PACKAGE}_kalman_filter:dKalmanFilter`;
const SMOOTHER = `${PACKAGE}_kalman_smoother:dKalmanSmoother`;
const INITIAL = `${PACKAGE}_initialization:dInitialization`;
const COMPLEX = `${PACKAGE}_representation:zStatespace`;

/** The items of the state dict of an object: alternating keys and values. */
function stateOf(made: Made): Node[] {
  const state = made.steps[0]?.items[0];
  if (state?.kind !== 'dict') throw new Error('the state is not a dict');
  return state.items;
}

function argumentsOf(made: Made): Node[] {
  if (made.args.kind !== 'tuple') throw new Error('the arguments are not a tuple');
  return made.args.items;
}

function keysOf(items: readonly Node[]): string[] {
  return items.filter((_, i) => i % 2 === 0).map((key) => (key.kind === 'leaf' ? String(key.value) : ''));
}

function put(items: Node[], key: string, value: Node): void {
  const at = keysOf(items).indexOf(key);
  if (at < 0) throw new Error(`no ${key} there`);
  items[2 * at + 1] = value;
}

/** The shape of a NumPy array. */
function shapeOf(of: Node | undefined): number[] | undefined {
  if (of?.kind !== 'made' || makerOf(of)?.endsWith(':_reconstruct') !== true) return undefined;
  const state = of.steps[0]?.items[0];
  const shape = state?.kind === 'tuple' ? state.items[1] : undefined;
  return shape?.kind === 'tuple'
    ? shape.items.map((size) => (size.kind === 'leaf' ? Number(size.value) : -1))
    : undefined;
}

const zeros = (type: string, width: number, shape: readonly number[]) =>
  array(dtype(type), shape, leaf(new Uint8Array(width * shape.reduce((all, size) => all * size, 1))));

/** The keys of a state whose values are arrays, from the file itself. */
function arraysOf(maker: string): string[] {
  const found: string[] = [];
  changed(FILE, maker, (made) => {
    const items = stateOf(made);
    for (const [i, key] of keysOf(items).entries()) if (shapeOf(items[2 * i + 1]) !== undefined) found.push(key);
  });
  return found;
}

describe('the contract of statsmodels state space models', () => {
  it.each(FILES)('accepts %s as it was written', async (file) => {
    expect(await judged(changed(file, MODEL, () => undefined))).toEqual(CLEAN);
  });

  it.each([MODEL, FILTER, SMOOTHER, INITIAL])(
    'requires each array in the state of %s to have the shape that its constructor creates',
    { timeout: 120_000 },
    async (maker) => {
      const keys = arraysOf(maker);
      expect(keys.length).toBeGreaterThan(1);
      for (const key of keys) {
        const whole = /missing|univariate_filter|ipiv/.test(key);
        const root = changed(FILE, maker, (made) => {
          const items = stateOf(made);
          const [first = 0, ...rest] = shapeOf(items[2 * keysOf(items).indexOf(key) + 1]) ?? [];
          put(items, key, zeros(whole ? 'i4' : 'f8', whole ? 4 : 8, [first - 1, ...rest]));
        });
        expect([key, ...(await judged(root))]).toEqual([key, ...UNEXPECTED]);
      }
    },
  );

  it.each([
    ['a model with a position beyond its last period', MODEL, 't', 60],
    ['a model with a position before its first period', MODEL, 't', -1],
    ['a filter with a position beyond its end', FILTER, 't', 61],
    ['a filter that converged in a missing period', FILTER, 'period_converged', 61],
    ['a filter that is diffuse for more periods than there are', FILTER, 'nobs_diffuse', 61],
    ['a smoother with a position beyond its last period', SMOOTHER, 't', 60],
  ])('does not accept %s', async (_, maker, key, value) => {
    expect(await judged(changed(FILE, maker, (made) => put(stateOf(made), key, int(value))))).toEqual(UNEXPECTED);
  });

  it.each([
    ['as a filter writes them', [1], CLEAN],
    ['beyond the matrix', [2], UNEXPECTED],
    ['before the matrix', [-1], UNEXPECTED],
  ])('gives the expected verdict for exchanged rows %s', async (_, rows, expected) => {
    const root = changed(FILE, FILTER, (made) => put(stateOf(made), 'forecast_error_ipiv', numbers(...rows)));
    expect(await judged(root)).toEqual(expected);
  });

  it('gives suspicious for missing observations', async () => {
    const missing = numbers(...Array.from({ length: 60 }, (_, i) => (i === 3 ? 1 : 0)));
    expect(await judged(changed(FILE, MODEL, (made) => put(stateOf(made), 'nmissing', missing)))).toEqual(UNEXPECTED);
  });

  it('does not accept numbers of another width', async () => {
    const root = changed(FILE, COMPLEX, (made) => {
      argumentsOf(made)[0] = zeros('f8', 8, shapeOf(argumentsOf(made)[0]) ?? []);
    });
    expect(await judged(root)).toContain('suspicious');
  });

  it('does not accept a smoother with the filter of another model', async () => {
    const root = changed(FILE, SMOOTHER, (made) => {
      const args = argumentsOf(made);
      if (args[0] !== undefined) args[0] = copyOf(args[0]);
    });
    expect(await judged(root)).toEqual(UNEXPECTED);
  });

  it.each([MODEL, FILTER, SMOOTHER, INITIAL])('does not accept %s without a state', async (maker) => {
    const root = changed(FILE, maker, (made) => void made.steps.splice(0));
    expect(await judged(root)).toContain('pickle.contract.unexpected');
  });

  it('does not accept an object created by copyreg', async () => {
    const rebuilt = call(name('copyreg:_reconstructor'), name(MODEL), name('builtins:object'), leaf(null));
    expect((await judged(rebuilt))[0]).toBe('malicious');
  });
});
