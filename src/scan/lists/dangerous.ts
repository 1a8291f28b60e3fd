import { readFileSync } from 'node:fs';

/** What is dangerous about a module, and about a global ("module:name"). */
export interface DangerousNames {
  readonly modules: Readonly<Record<string, string>>;
  readonly globals: Readonly<Record<string, string>>;
}

let names: DangerousNames | undefined;

/**
 * Names with a known danger. They raise the verdict of names that are not listed anyway, and explain it; soundness rests on the
 * lists.
 */
export function dangerOf(module: string, name: string): string | undefined {
  names ??= JSON.parse(readFileSync(new URL('../pickle/dangerous.json', import.meta.url), 'utf8')) as DangerousNames;
  return dangerAmong(names, module, name);
}

/** The same lookup in other names. */
export function dangerAmong(names: DangerousNames, module: string, name: string): string | undefined {
  const home =
    module === '__builtin__' || module === '__builtins__' ? 'builtins' : module === 'copy_reg' ? 'copyreg' : module;
  for (const key of [`${home}:${name}`, `${home}:${name.split('.')[0]}`]) {
    if (Object.hasOwn(names.globals, key)) return names.globals[key];
  }
  // A dotted name walks on from its module: `torch` `ops.load_library` is in torch.ops.
  const parts = [...home.split('.'), ...name.split('.').slice(0, -1)];
  for (let count = parts.length; count > 0; count--) {
    const prefix = parts.slice(0, count).join('.');
    if (Object.hasOwn(names.modules, prefix)) return names.modules[prefix];
  }
  return undefined;
}
