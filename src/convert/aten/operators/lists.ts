import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import {
  type AtenDict,
  type AtenList,
  AtenTensor,
  type AtenValue,
  atenList,
  int,
  isOfKind,
  textKey,
  valueTitle,
} from '../values.ts';

/** Items of one list. */
const MAX_ITEMS = 100_000;
const MAX_TEXT = 100_000;

/** A list that is changed. @throws AssayError `unsupported` for one of the model: the next run would begin with the change */
function list(call: AtenCall, name: string): AtenList {
  const value = call.value(name);
  if (isOfKind(value, 'list')) {
    if (value.owner !== undefined) throw call.refuse(`it changes ${value.owner} while the model runs`);
    return value;
  }
  throw call.broken(`has ${valueTitle(value)} as its ${name}`);
}

function dict(call: AtenCall, name: string): AtenDict {
  const value = call.value(name);
  if (isOfKind(value, 'dict')) return value;
  throw call.broken(`has ${valueTitle(value)} as its ${name}`);
}

/** The place of an index, which may count from the end. */
export function itemPlace(call: AtenCall, count: number, index: number): number {
  const at = index < 0 ? index + count : index;
  if (at < 0 || at >= count) throw call.broken(`takes the item ${index} of ${count}`);
  return at;
}

function joined(call: AtenCall, a: readonly AtenValue[], b: readonly AtenValue[]): AtenList {
  if (a.length + b.length > MAX_ITEMS) throw call.refuse(`a list of more than ${MAX_ITEMS} items`);
  return atenList([...a, ...b]);
}

const getItem: AtenLowering = (call) => {
  const items = call.items('l');
  return items[itemPlace(call, items.length, call.int('idx'))] ?? null;
};

const part: AtenLowering = (call) => {
  const items = call.items('l');
  const step = call.int('step');
  if (step < 1) throw call.refuse(`its step is ${step}`);
  // The end is written as the largest number of 64 bits.
  const end = call.value('end');
  const to = isOfKind(end, 'int') && end.value > items.length ? items.length : call.optionalInt('end');
  return atenList(items.slice(call.optionalInt('start') ?? 0, to).filter((_, index) => index % step === 0));
};

const append: AtenLowering = (call) => {
  const to = list(call, 'self');
  if (to.items.length >= MAX_ITEMS) throw call.refuse(`a list of more than ${MAX_ITEMS} items`);
  to.items.push(call.value('el'));
  return to;
};

const extend: AtenLowering = (call) => {
  const to = list(call, 'self');
  const more = joined(call, to.items, call.items('other')).items;
  to.items.splice(0, to.items.length, ...more);
  return null;
};

const insert: AtenLowering = (call) => {
  const to = list(call, 'self');
  if (to.items.length >= MAX_ITEMS) throw call.refuse(`a list of more than ${MAX_ITEMS} items`);
  to.items.splice(call.int('idx'), 0, call.value('el'));
  return null;
};

const pop: AtenLowering = (call) => {
  const from = list(call, 'self');
  const [taken = null] = from.items.splice(itemPlace(call, from.items.length, call.int('idx')), 1);
  return taken;
};

const setItem: AtenLowering = (call) => {
  const to = list(call, 'l');
  to.items[itemPlace(call, to.items.length, call.int('idx'))] = call.value('el');
  return to;
};

const contains: AtenLowering = (call) => {
  const wanted = dictKey(call, call.value('item'));
  return call.items('l').some((one) => dictKey(call, one) === wanted);
};

/** What tells keys apart. @throws AssayError `unsupported` for what is neither text nor a number */
export function dictKey(call: AtenCall, value: AtenValue): string | number {
  if (typeof value === 'string') return textKey(value);
  if (typeof value === 'boolean') return Number(value);
  if (isOfKind(value, 'int') || isOfKind(value, 'float')) return value.value;
  throw call.refuse(`it looks for ${valueTitle(value)}`);
}

const identical: AtenLowering = (call) => isSame(call);

function isSame(call: AtenCall): boolean {
  const [a, b] = [call.value('self'), call.value('obj')];
  if (isOfKind(a, 'unset') || isOfKind(b, 'unset')) throw call.refuse('it compares a variable without a value');
  if (a === null || b === null) return a === b;
  if (a instanceof AtenTensor || b instanceof AtenTensor) return a === b;
  throw call.refuse(`it asks whether ${valueTitle(a)} is ${valueTitle(b)}`);
}

function quantifier(every: boolean): AtenLowering {
  return (call) => {
    const items = call.items('self').map((one) => {
      if (typeof one === 'boolean') return one;
      if (isOfKind(one, 'int')) return one.value !== 0;
      throw call.refuse(`it takes ${valueTitle(one)}`);
    });
    return every ? items.every(Boolean) : items.some(Boolean);
  };
}

/** The least or the greatest of some integers. A loop over a list asks for the least of its length and of the largest number. */
function extremeOf(pick: (a: number, b: number) => number): AtenLowering {
  return (call) => {
    const values = call.items('l').map((one) => {
      if (isOfKind(one, 'int')) return one.value;
      throw call.refuse(`it takes ${valueTitle(one)}`);
    });
    if (values.length === 0) throw call.broken('takes no numbers');
    return int(values.reduce(pick));
  };
}

const dictItem: AtenLowering = (call) => {
  const found = dict(call, 'self').entries.get(dictKey(call, call.value('key')));
  if (found === undefined) throw call.broken('takes a key that is not there');
  return found.value;
};

const dictSet: AtenLowering = (call) => {
  const { entries, owner } = dict(call, 'l');
  if (owner !== undefined) throw call.refuse(`it changes ${owner} while the model runs`);
  if (entries.size >= MAX_ITEMS) throw call.refuse(`a dict of more than ${MAX_ITEMS} items`);
  const key = call.value('idx');
  entries.set(dictKey(call, key), { key, value: call.value('v') });
  return null;
};

/** A text as Python makes it; a message where it holds something that is written in another way, such as a number of 64 bits. */
export function formatted(pattern: string, holes: RegExp, values: readonly AtenValue[]): AtenValue {
  const shown = values.map((value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    return isOfKind(value, 'int') && Number.isSafeInteger(value.value) ? String(value.value) : undefined;
  });
  const count = pattern.match(holes)?.length ?? 0;
  const size = shown.reduce((sum, one) => sum + (one?.length ?? 0), pattern.length);
  if (count !== shown.length || shown.includes(undefined) || size > MAX_TEXT) return { kind: 'message' };
  let next = 0;
  return pattern.replace(holes, () => shown[next++] ?? '');
}

const length: AtenLowering = (call) => int(call.items('a').length);

/** Lists, dicts and texts. */
export const LISTS: AtenFamily = {
  'len.t(list a)': length,
  'len.tuple(any[] a)': length,
  'len.str(str a)': (call) => int(call.text('a').length),
  'len.Dict(dict a)': (call) => int(dict(call, 'a').entries.size),
  'add.t(list a, list b)': (call) => joined(call, call.items('a'), call.items('b')),
  'add.str(str a, str b)': (call) => {
    const both = call.text('a') + call.text('b');
    if (both.length > MAX_TEXT) throw call.refuse(`a text of more than ${MAX_TEXT} characters`);
    return both;
  },
  'mul.left_t(list l, int n)': (call) => {
    let all = atenList([]);
    for (let times = call.int('n'); times > 0; times--) all = joined(call, all.items, call.items('l'));
    return all;
  },
  'slice.t(list l, int? start=None, int? end=None, int step=1)': part,
  'list.t(any[] l)': (call) => atenList(call.items('l')),
  'copy.t(list self)': (call) => atenList(call.items('self')),
  'append.t(list self, any el)': append,
  'extend.t(list self, any[] other)': extend,
  'insert.t(list self, int idx, any el)': insert,
  'pop.t(list self, int idx=-1)': pop,
  'reverse.t(list self)': (call) => {
    list(call, 'self').items.reverse();
    return null;
  },
  '__getitem__.t(any[] l, int idx)': getItem,
  '_set_item.t(list l, int idx, any el)': setItem,
  '__contains__.list(any[] l, any item)': contains,
  '__contains__.dict(dict self, any key)': (call) => dict(call, 'self').entries.has(dictKey(call, call.value('key'))),
  '__getitem__.Dict(dict self, any key)': dictItem,
  '_set_item.Dict(dict l, any idx, any v)': dictSet,
  'keys(dict self)': (call) => atenList([...dict(call, 'self').entries.values()].map(({ key }) => key)),
  'values(dict self)': (call) => atenList([...dict(call, 'self').entries.values()].map(({ value }) => value)),
  '__is__(any self, any obj)': identical,
  '__isnot__(any self, any obj)': (call) => !isSame(call),
  'all.bool(list self)': quantifier(true),
  'any.bool(list self)': quantifier(false),
  'min.self_int(int[] l)': extremeOf((a, b) => Math.min(a, b)),
  'max.self_int(int[] l)': extremeOf((a, b) => Math.max(a, b)),
  'find(str self, str substr, int start=0, int end=-1)': (call) => {
    const [start, end] = [call.int('start'), call.int('end')];
    const text = call.text('self');
    const at = text.slice(0, end < 0 ? end + text.length + 1 : end).indexOf(call.text('substr'), start);
    return int(at);
  },
};
