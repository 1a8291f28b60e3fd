/** Files that Python imports as a module of their name, and what may stand before the extension of a compiled one. */
const EXTENSIONS: ReadonlySet<string> = new Set(['py', 'pyc', 'pyd', 'so']);
const COMPILED_FOR = /^(?:cpython-.+|abi3|cp\d+.*)$/s;

/**
 * Top-level modules that files would provide if their folder were on the import path: `x.py` provides `x`, and so does a
 * folder `x` that holds Python files.
 */
export function providedModules(paths: Iterable<string>): Set<string> {
  const modules = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    const name = moduleOf(parts.at(-1) ?? '');
    if (name === undefined) continue;
    if (name !== '__init__') modules.add(name);
    const folder = parts.at(-2);
    if (folder !== undefined) modules.add(folder);
  }
  return modules;
}

/** `x` of `x.py` and `x.cpython-312-x86_64-linux-gnu.so`; `undefined` for a file that is not imported. */
function moduleOf(file: string): string | undefined {
  const dot = file.lastIndexOf('.');
  if (dot < 1 || !EXTENSIONS.has(file.slice(dot + 1))) return undefined;
  const whole = file.slice(0, dot);
  const before = whole.lastIndexOf('.');
  const stem = before > 0 && COMPILED_FOR.test(whole.slice(before + 1)) ? whole.slice(0, before) : whole;
  return /[\n\r\u2028\u2029]/.test(stem) ? undefined : stem;
}
