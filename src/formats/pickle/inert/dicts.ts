import { argsOf, calleeName, type Inert, InertDict, type InertObject, isKind, sequenceOf } from './values.ts';

/** Classes whose instances are dicts, as pickles make them empty. */
const DICTS: ReadonlySet<string> = new Set(['collections.OrderedDict', 'builtins.dict', 'collections.defaultdict']);

/** A dict, or an instance of a dict class of Python; `undefined` for any other value. */
export function dictOf(value: Inert | undefined): InertDict | undefined {
  if (isKind(value, 'dict')) return value;
  if (!isKind(value, 'object') || !isDictCall(value)) return undefined;
  const dict = new InertDict();
  for (const [key, item] of [...givenPairs(value), ...value.entries]) dict.set(key, item);
  return dict;
}

/** Whether a call makes a dict of Python's own. */
export function isDictCall(value: InertObject): boolean {
  const name = calleeName(value);
  if (name === undefined || !DICTS.has(name) || value.kwargs !== undefined || value.items.length > 0) return false;
  const args = argsOf(value);
  if (args === undefined) return false;
  return (
    args.length === 0 || name === 'collections.defaultdict' || givenPairs(value).length > 0 || isEmptyList(args[0])
  );
}

function isEmptyList(value: Inert | undefined): boolean {
  return isKind(value, 'list') && value.items.length === 0;
}

/** Python 2 gives an OrderedDict its pairs as a list of lists. */
function givenPairs(value: InertObject): [Inert, Inert][] {
  const [first] = argsOf(value) ?? [];
  if (calleeName(value) === 'collections.defaultdict' || !isKind(first, 'list')) return [];
  const pairs = first.items.map((item) => sequenceOf(item));
  if (!pairs.every((pair) => pair?.length === 2)) return [];
  return pairs.map((pair) => [pair?.[0] ?? null, pair?.[1] ?? null]);
}
