import { knownItems } from './fold.ts';
import type { PythonMachine } from './machine.ts';
import { canonical, isEnvironment } from './names.ts';
import type { PythonScope } from './values.ts';
import { anyOf, type LocalClass, MARKS, marked, named, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/** Attributes that lead from any object to the names of its module. */
const TO_MODULE = /^(?:__globals__|func_globals|f_globals|f_builtins|__builtins__|f_locals|gi_frame)$/;

/** What an attribute of a value may be. */
export function attributeOf(machine: PythonMachine, base: PythonValue, name: string): PythonValue {
  const marks = base.marks & ~MARKS.literal;
  const found: PythonValue[] = [];
  for (const each of [...base.locals, ...base.instances]) {
    const own = methodOf(each.kind === 'class' ? each : undefined, name);
    if (own !== undefined) found.push(own);
  }
  if (TO_MODULE.test(name)) found.push(named('builtins.globals()'));
  const set =
    base.names.length === 0 || base.names.every((one) => one.endsWith('()')) ? machine.attributes.get(name) : undefined;
  if (set !== undefined) found.push(set);
  const names = base.names.map((one) => (name === '__dict__' ? `${one}.__dict__` : canonical(`${one}.${name}`)));
  if (names.length > 0) found.push(marked(named(...names), names.some(isEnvironment) ? MARKS.environment : 0));
  if (found.length === 0) return { ...UNKNOWN_VALUE, marks, instances: base.instances };
  return marked(anyOf(found), marks);
}

/** A method or another name of a class or of those it is made of. */
export function methodOf(of: LocalClass | undefined, name: string, depth = 0): PythonValue | undefined {
  if (of === undefined || depth > 16) return undefined;
  const own = of.scope.names.get(name);
  if (own !== undefined) return own;
  for (const base of of.bases) {
    const found = methodOf(base, name, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What stands under a key: of the names of a module, that name. */
export function itemOf(base: PythonValue, key: PythonValue, scope: PythonScope): PythonValue {
  const marks = base.marks & ~MARKS.literal;
  // A name of a module that is decoded hides what is called.
  const hides = (key.marks & (MARKS.decoded | MARKS.unpacked)) !== 0 ? MARKS.hidden : 0;
  const found: PythonValue[] = [];
  for (const name of base.names) {
    const module = moduleBehind(name);
    if (module === undefined) {
      if (isEnvironment(name)) found.push({ ...UNKNOWN_VALUE, marks: MARKS.environment });
      continue;
    }
    if (key.text === undefined) found.push(marked(named(module === '' ? '?' : `${module}.?`), hides));
    else if (module !== '') found.push(marked(named(canonical(`${module}.${key.text}`)), hides));
    else
      found.push(
        marked(
          scope.module.find(key.text) ??
            named(canonical(MODULE_LIKE.test(key.text) ? key.text : `builtins.${key.text}`)),
          hides,
        ),
      );
  }
  const items = knownItems(base);
  if (items !== undefined) {
    const one = key.number === undefined ? undefined : items.at(key.number);
    found.push(one ?? anyOf(items.slice(0, 64)));
  } else if (base.locals.length + base.instances.length > 0 || base.names.length > 0) {
    found.push({ ...base, names: base.names.filter((name) => moduleBehind(name) === undefined) });
  }
  return marked(anyOf(found), marks);
}

const MODULE_LIKE =
  /^(?:os|sys|posix|nt|subprocess|socket|ctypes|importlib|builtins|__builtins__|shutil|codecs|base64|zlib|requests|torch|pickle|marshal|pty|types|io|urllib)$/;

/** The module whose names a value holds by key; empty for any module. */
function moduleBehind(name: string): string | undefined {
  if (/^builtins\.(?:globals|locals|vars)\(\)$|^sys\.modules$/.test(name)) return '';
  if (name.endsWith('.__dict__')) return name.slice(0, -9);
  return name === 'builtins' || name === 'builtins.vars()' ? 'builtins' : undefined;
}
