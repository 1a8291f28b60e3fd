import type { CelType } from '@bufbuild/cel';
import { celEnvironment } from './library.ts';
import { ANY, BOOL_TYPE, DOUBLE, DURATION, INT_TYPE, listOf, mapOf, STRING, TIMESTAMP, type Type } from './types.ts';

/** One way to call a function or an operator. */
export interface Overload {
  /** Names of types; of a method, that of its target first. */
  readonly params: readonly string[];
  readonly result: Type;
}

/** No field of the view has these, and no expression makes them. */
const OTHER_TYPES: ReadonlySet<string> = new Set(['uint', 'bytes', 'type']);
const SHORT: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
};
const RESULTS: Readonly<Record<string, Type>> = {
  bool: BOOL_TYPE,
  int: INT_TYPE,
  double: DOUBLE,
  string: STRING,
  timestamp: TIMESTAMP,
  duration: DURATION,
  map: mapOf(ANY),
};
/** Methods whose lists hold text; the library tells no types of items. */
const LISTS_OF_TEXT: ReadonlySet<string> = new Set(['split']);

type Style = 'call' | 'method';
let byName: ReadonlyMap<string, readonly Overload[]> | undefined;

/** Every way to call the function; empty when no function has that name. */
export function overloadsOf(style: Style, name: string): readonly Overload[] {
  return all().get(`${style} ${name}`) ?? [];
}

/** Names that people may write, operators left out. */
export function functionNames(style: Style): string[] {
  return [...all().keys()].flatMap((key) => {
    const [, found, name] = /^(\w+) (\w*[a-z]\w*)$/.exec(key) ?? [];
    return found === style && name !== undefined ? [name] : [];
  });
}

function all(): ReadonlyMap<string, readonly Overload[]> {
  byName ??= collect();
  return byName;
}

function collect(): ReadonlyMap<string, readonly Overload[]> {
  const found = new Map<string, Overload[]>();
  for (const { name, target, arguments: args, result } of celEnvironment().funcs) {
    const params = [...(target === undefined ? [] : [target]), ...args].map(shortName);
    if ([...params, shortName(result)].some((type) => OTHER_TYPES.has(type))) continue;
    const key = `${target === undefined ? 'call' : 'method'} ${name}`;
    const overload = { params, result: resultOf(name, shortName(result)) };
    const known = found.get(key);
    if (known === undefined) found.set(key, [overload]);
    else known.push(overload);
  }
  return found;
}

function shortName({ name }: CelType): string {
  return SHORT[name] ?? name;
}

function resultOf(name: string, type: string): Type {
  if (type === 'list') return listOf(LISTS_OF_TEXT.has(name) ? STRING : ANY);
  return RESULTS[type] ?? ANY;
}
