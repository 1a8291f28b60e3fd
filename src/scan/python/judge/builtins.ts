import { knownItems, textOfCodes } from './fold.ts';
import { allGiven, type PythonCall, type PythonMachine } from './machine.ts';
import { attributeOf, itemOf } from './members.ts';
import { canonical, isTender } from './names.ts';
import {
  anyOf,
  either,
  knownText,
  listValue,
  MARKS,
  MAX_KNOWN_ITEMS,
  marked,
  marksOf,
  named,
  numberValue,
  type PythonValue,
  UNKNOWN_VALUE,
} from './values.ts';

type CallAgain = (call: PythonCall) => PythonValue;

/** Functions of Python whose result is followed; `undefined` for others. */
export function callBuiltin(
  machine: PythonMachine,
  one: PythonCall,
  name: string,
  again: CallAgain,
): PythonValue | undefined {
  const { given, node, scope } = one;
  const all = allGiven(given);
  const [first = UNKNOWN_VALUE, second = UNKNOWN_VALUE, third] = given.positional;
  const marks = marksOf(all);
  switch (name) {
    case 'builtins.chr':
    case 'builtins.unichr':
      return first.number === undefined || first.number < 0 || first.number > 0x10ffff
        ? { ...UNKNOWN_VALUE, marks: marks | (marks & MARKS.literal ? MARKS.decoded : MARKS.unpacked) }
        : knownText(String.fromCodePoint(first.number), marks | MARKS.decoded);
    case 'builtins.ord':
      return first.text?.length === 1 ? numberValue(first.text.charCodeAt(0), marks) : { ...UNKNOWN_VALUE, marks };
    case 'builtins.int':
      return integer(first, second, marks);
    case 'builtins.len':
      return numberValue(first.text?.length ?? first.items?.length ?? Number.NaN);
    case 'builtins.str':
    case 'builtins.repr':
    case 'builtins.memoryview':
    case 'io.BytesIO':
    case 'io.StringIO':
      return first.number !== undefined && name === 'builtins.str'
        ? knownText(String(first.number), marks)
        : { ...first, names: [] };
    case 'builtins.bytes':
    case 'builtins.bytearray': {
      const text = first.text ?? textOfCodes(first);
      const numbers = first.text === undefined && (marks & MARKS.literal) !== 0;
      const mark = marks | (numbers ? MARKS.decoded : 0);
      return text === undefined ? { ...UNKNOWN_VALUE, marks: mark } : knownText(text, mark);
    }
    case 'builtins.list':
    case 'builtins.tuple':
    case 'builtins.set':
    case 'builtins.iter':
    case 'builtins.dict':
    case 'builtins.frozenset':
    case 'builtins.sorted':
      return knownItems(first) !== undefined && name !== 'builtins.sorted'
        ? { ...first, text: undefined, items: knownItems(first) }
        : { ...anyOf(all), text: undefined, number: undefined, items: undefined, marks };
    case 'builtins.reversed': {
      const items = knownItems(first);
      const mark = marks | (marks & MARKS.literal ? MARKS.decoded : 0);
      return items === undefined ? { ...UNKNOWN_VALUE, marks: mark } : listValue([...items].reverse(), mark);
    }
    case 'builtins.range':
      return range(given.positional);
    case 'builtins.enumerate': {
      const items = knownItems(first);
      return items === undefined
        ? { ...UNKNOWN_VALUE, marks }
        : listValue(
            items.map((item, at) => listValue([numberValue(at), item])),
            marks,
          );
    }
    case 'builtins.zip': {
      const lists = given.positional.map(knownItems);
      const size = Math.min(...lists.map((list) => list?.length ?? -1));
      if (size < 0 || lists.length === 0 || size === Number.POSITIVE_INFINITY) return { ...UNKNOWN_VALUE, marks };
      return listValue(
        Array.from({ length: size }, (_, at) => listValue(lists.map((list) => list?.[at] ?? UNKNOWN_VALUE))),
        marks,
      );
    }
    case 'builtins.map': {
      const items = knownItems(second);
      const each = (item: PythonValue) =>
        again({
          node,
          scope,
          called: first,
          receiver: undefined,
          method: '',
          given: { positional: [item], named: new Map(), spread: [] },
        });
      if (items === undefined || third !== undefined)
        return { ...each({ ...UNKNOWN_VALUE, marks: second.marks }), text: undefined };
      return listValue(items.map(each), second.marks);
    }
    case 'builtins.filter':
      return knownItems(second) === undefined
        ? { ...UNKNOWN_VALUE, marks }
        : { ...second, text: undefined, items: knownItems(second) };
    case 'builtins.next':
      return anyOf(knownItems(first)?.slice(0, 64) ?? [first]);
    case 'builtins.getattr':
    case 'builtins.object.__getattribute__':
    case 'inspect.getattr_static':
      return attribute(machine, first, second, third);
    case 'builtins.setattr':
      if (second.text !== undefined && third !== undefined)
        machine.attributes.set(second.text, either(machine.attributes.get(second.text) ?? UNKNOWN_VALUE, third));
      return UNKNOWN_VALUE;
    case 'builtins.vars':
      return first.names.length === 0
        ? named('builtins.vars()')
        : named(...first.names.map((module) => `${module}.__dict__`));
    case 'builtins.__import__':
    case 'importlib.import_module':
      return imported(machine, first, name);
    case 'builtins.compile':
      return { ...first, names: [] };
    case 'builtins.eval':
      return first.text === undefined
        ? { ...UNKNOWN_VALUE, marks: first.marks }
        : marked(machine.runText(first.text, scope), 0);
    case 'builtins.type':
      return given.positional.length < 3 ? UNKNOWN_VALUE : { ...anyOf(all), text: undefined, items: undefined };
    case 'builtins.open':
    case 'io.open':
      opened(machine, one, first, given.named.get('mode') ?? second);
      return undefined;
    case 'functools.partial':
    case 'functools.wraps':
    case 'functools.partialmethod':
      return { ...first, text: undefined };
    case 'operator.attrgetter':
    case 'operator.methodcaller':
    case 'operator.itemgetter':
      return first.text === undefined ? { ...UNKNOWN_VALUE, marks } : marked(named(`${name}:${first.text}`), marks);
    case 'os.path.expanduser':
    case 'os.path.abspath':
    case 'os.fspath':
      return first;
    case 'os.path.join':
      return given.positional.every((part) => part.text !== undefined)
        ? knownText(given.positional.map(({ text }) => text).join('/'), marks)
        : { ...UNKNOWN_VALUE, marks };
    default:
      return getter(machine, one, name, again);
  }
}

/** `attrgetter("system")(os)`, `methodcaller("system", "id")(os)`. */
function getter(machine: PythonMachine, one: PythonCall, name: string, again: CallAgain): PythonValue | undefined {
  const [, kind, key = ''] = /^operator\.(attrgetter|methodcaller|itemgetter):(.*)$/s.exec(name) ?? [];
  const [on = UNKNOWN_VALUE] = one.given.positional;
  if (kind === undefined) return undefined;
  if (kind === 'itemgetter') return itemOf(on, knownText(key), one.scope);
  const found = key.split('.').reduce((value, part) => attributeOf(machine, value, part), on);
  if (kind === 'attrgetter') return marked(found, hides(one.called.marks));
  return again({
    ...one,
    called: found,
    receiver: on,
    method: key,
    given: { positional: [UNKNOWN_VALUE], named: new Map(), spread: [] },
  });
}

function hides(marks: number): number {
  return (marks & (MARKS.decoded | MARKS.unpacked)) !== 0 ? MARKS.hidden : 0;
}

function attribute(
  machine: PythonMachine,
  on: PythonValue,
  name: PythonValue,
  fallback: PythonValue | undefined,
): PythonValue {
  const other = fallback ?? UNKNOWN_VALUE;
  if (name.text !== undefined) {
    const found = name.text.split('.').reduce((value, part) => attributeOf(machine, value, part), on);
    return either(marked(found, hides(name.marks)), other);
  }
  const found = named(...on.names.map((module) => `${module}.?`));
  return marked(either(found, other), on.marks | hides(name.marks));
}

function imported(machine: PythonMachine, { text, marks }: PythonValue, name: string): PythonValue {
  if (text === undefined) return { ...named('?'), marks: hides(marks) };
  machine.imports(text);
  const module = name.endsWith('__import__') ? (text.split('.')[0] ?? text) : text;
  return { ...named(canonical(module)), marks: hides(marks) };
}

function opened(machine: PythonMachine, { node, called }: PythonCall, path: PythonValue, mode: PythonValue): void {
  if (mode.text === undefined || !/[wax+]/.test(mode.text)) return;
  const grade = isTender(path.text ?? '') || (called.marks & MARKS.hidden) !== 0 ? 'dangerous' : 'notable';
  const origin = path.text === undefined ? 'computed' : 'constant';
  machine.note(node, { kind: 'write', name: 'open', origin, grade });
}

function integer(value: PythonValue, base: PythonValue, marks: number): PythonValue {
  if (value.number !== undefined) return numberValue(value.number, marks);
  if (value.text === undefined) return { ...UNKNOWN_VALUE, marks };
  const radix = base.number ?? 10;
  const digits = value.text.trim().replace(/^0[xob]/i, '');
  return numberValue(
    radix >= 2 && radix <= 36 && /^[0-9a-z]+$/i.test(digits) ? Number.parseInt(digits, radix) : Number.NaN,
    marks,
  );
}

function range(args: readonly PythonValue[]): PythonValue {
  const numbers = args.map(({ number }) => number);
  if (numbers.length === 0 || numbers.includes(undefined)) return UNKNOWN_VALUE;
  const [a = 0, b, step = 1] = numbers;
  const [from, to] = b === undefined ? [0, a] : [a, b];
  const size = step === 0 ? 0 : Math.ceil((to - from) / step);
  if (size > MAX_KNOWN_ITEMS) return UNKNOWN_VALUE;
  return listValue(Array.from({ length: Math.max(0, size) }, (_, at) => numberValue(from + at * step)));
}
