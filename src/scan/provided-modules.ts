/** Files that Python imports as a module of their name. */
const MODULE_FILE = /^(.+?)(?:\.cpython-[^.]+|\.abi3|\.cp\d+[^.]*)?\.(?:py|pyc|pyd|so)$/;

/**
 * Top-level modules that files would provide if their folder were on the import path: `x.py` provides `x`, and so does a
 * folder `x` that holds Python files.
 */
export function providedModules(paths: Iterable<string>): Set<string> {
  const modules = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    const match = MODULE_FILE.exec(parts.at(-1) ?? '');
    const name = match?.[1];
    if (name === undefined) continue;
    if (name !== '__init__') modules.add(name);
    const folder = parts.at(-2);
    if (folder !== undefined) modules.add(folder);
  }
  return modules;
}
