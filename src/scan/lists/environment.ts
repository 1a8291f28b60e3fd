import { readFileSync } from 'node:fs';

interface PythonModules {
  /** Names by module, one blank between them; `*` where the module was not looked into. */
  readonly modules: Readonly<Record<string, string>>;
}

let known: ReadonlyMap<string, string> | undefined;

function python(): ReadonlyMap<string, string> {
  if (known !== undefined) return known;
  const text = readFileSync(new URL('../pickle/python-modules.json', import.meta.url), 'utf8');
  known = new Map(Object.entries((JSON.parse(text) as PythonModules).modules));
  return known;
}

/**
 * Whether CPython (3.8 to 3.13) brings a module that has a name, or that acts when it is imported.
 *
 * @example pythonHas('math', 'sin') // true: so a word list that begins "cmath", "sin" imports it
 */
export function pythonHas(module: string, name: string): boolean {
  const names = python().get(module);
  if (names === undefined) return false;
  const [first = ''] = name.split('.', 1);
  return names === '*' || names.split(' ').includes(first);
}

/** Whether CPython brings a module, whatever it holds. */
export function pythonBrings(module: string): boolean {
  return python().has(module);
}
