import { describe, expect, it } from 'vitest';
import { call, instance, int, leaf, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, floats, judged, none, numbers, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const MODULE = 'arch.univariate.recursions';
const zeros = (length: number) => floats(...new Array<number>(length).fill(0));
const backcast = leaf(1.5);

function updater(of: string, args: readonly Node[], ...state: Node[]): Made {
  const made = call(name(`${MODULE}:${of}`), ...args);
  made.steps.push({ does: 'build', items: [tuple(...state)] });
  return made;
}

const egarch = (...lengths: number[]) =>
  updater('EGARCHUpdater', [int(1), int(0), int(1)], backcast, ...lengths.map((length) => zeros(length)));
const midas = (lags: number, ...lengths: number[]) =>
  updater('MIDASUpdater', [int(lags), leaf(true)], backcast, ...lengths.map((length) => zeros(length)));
const figarch = (lags: number, ...lengths: number[]) =>
  updater('FIGARCHUpdater', [int(1), int(1), leaf(2), int(lags)], backcast, ...lengths.map((length) => zeros(length)));
const metrics = (lags: number, weights: number, last = lags) =>
  updater('RiskMetrics2006Updater', [int(lags), zeros(weights), zeros(lags)], zeros(lags), zeros(last));

describe('the contract of arch updaters, which check no bounds', () => {
  it.each([
    ['arrays of equal length', CLEAN, egarch(3, 3, 3)],
    ['a shorter array', UNEXPECTED, egarch(3, 2, 3)],
    ['a missing array', UNEXPECTED, egarch(3, 3)],
    [
      'an array of another type',
      UNEXPECTED,
      updater('EGARCHUpdater', [int(1), int(0), int(1)], backcast, numbers(1), zeros(1), zeros(1)),
    ],
    [
      'a two-dimensional array',
      UNEXPECTED,
      updater('EWMAUpdater', [none], backcast, array(dtype('f8'), [3, 1], leaf(new Uint8Array(24)))),
    ],
    ['weights', CLEAN, updater('EWMAUpdater', [leaf(0.94)], backcast, zeros(3))],
    ['two weights', UNEXPECTED, updater('EWMAUpdater', [leaf(0.94)], backcast, zeros(2))],
    ['lags', CLEAN, updater('HARCHUpdater', [numbers(1, 5)], backcast)],
    ['fractional lags', UNEXPECTED, updater('HARCHUpdater', [floats(1, 5)], backcast)],
    ['as many weights as lags', CLEAN, midas(3, 3, 3, 3, 0)],
    ['fewer weights than lags', UNEXPECTED, midas(3, 2, 2, 2, 0)],
    ['more lags than memory', UNEXPECTED, midas(2 ** 31 - 1, 3, 3, 3, 0)],
    ['a truncation', CLEAN, figarch(10, 10, 4)],
    ['another truncation', UNEXPECTED, figarch(11, 10, 4)],
    ['weights for all horizons', CLEAN, metrics(4, 4)],
    ['fewer weights than horizons', UNEXPECTED, metrics(4, 3)],
    ['fewer variances than horizons', UNEXPECTED, metrics(4, 4, 3)],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('does not accept an instance created without its arguments', async () => {
    const state = tuple(backcast, zeros(1), zeros(1), zeros(1));
    const [verdict] = await judged(instance(name(`${MODULE}:EGARCHUpdater`), state));
    expect(verdict).toBe('suspicious');
  });
});
