import type { Contract } from '../contract.ts';
import { ARITHMETIC_CALLS } from './arithmetic.ts';
import { COMPILED_CODE } from './compiled-code.ts';
import { FIGURE_CALLS } from './figures.ts';
import { GRAPH_CALLS } from './graphs.ts';
import { LABELLED_CALLS } from './labelled-arrays.ts';
import { LOG_CALLS } from './logs.ts';
import { BYTES_CALLS } from './native-bytes.ts';
import { TEXT_CALLS } from './texts.ts';
import { UNIT_CALLS, UNIT_ITEMS } from './units.ts';
import { WAVELET_CALLS } from './wavelets.ts';

/** By "module:name": what the arguments of a class or function must keep to. */
export const LIBRARY_CALLS: ReadonlyMap<string, Contract> = new Map<string, Contract>([
  ...ARITHMETIC_CALLS,
  ...BYTES_CALLS,
  ...COMPILED_CODE,
  ...FIGURE_CALLS,
  ...GRAPH_CALLS,
  ...LABELLED_CALLS,
  ...LOG_CALLS,
  ...TEXT_CALLS,
  ...UNIT_CALLS,
  ...WAVELET_CALLS,
]);

/** By "module:name": what the items that an instance of a class is given must keep to. */
export const LIBRARY_ITEMS: ReadonlyMap<string, Contract> = new Map<string, Contract>(UNIT_ITEMS);
