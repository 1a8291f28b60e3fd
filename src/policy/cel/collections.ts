import { define, defineBoth, type Overload } from './overload.ts';
import { ANY, BOOL, INT, listOf } from './types.ts';
import { equal, keyOf } from './values.ts';

export const COLLECTIONS: readonly Overload[] = [
  define('call', '_==_', ['any', 'any'], BOOL, ([a, b], budget) => equal(a, b, budget)),
  define('call', '_!=_', ['any', 'any'], BOOL, ([a, b], budget) => !equal(a, b, budget)),
  define('call', '@in', ['any', 'list'], BOOL, ([item, list], budget) =>
    list.some((other) => equal(item, other, budget)),
  ),
  define('call', '@in', ['any', 'map'], BOOL, ([item, map]) => {
    const key = keyOf(item);
    return key !== undefined && map.has(key);
  }),
  define('call', '_+_', ['list', 'list'], listOf(ANY), ([a, b], budget) => {
    budget.spend(a.length + b.length);
    return [...a, ...b];
  }),
  ...defineBoth('size', ['list'], INT, ([list]) => BigInt(list.length)),
  ...defineBoth('size', ['map'], INT, ([map]) => BigInt(map.size)),
  define('call', 'dyn', ['any'], ANY, ([value]) => value),
];
