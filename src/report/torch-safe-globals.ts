import { readFileSync } from 'node:fs';

let names: ReadonlySet<string> | undefined;

/** What `torch.load(weights_only=True)` accepts unasked, "module.name"; the file beside says of which version. */
export function torchSafeGlobals(): ReadonlySet<string> {
  if (names !== undefined) return names;
  const list: unknown = JSON.parse(readFileSync(new URL('./torch-safe-globals.json', import.meta.url), 'utf8'));
  const globals = typeof list === 'object' && list !== null && 'globals' in list ? list.globals : [];
  names = new Set(Array.isArray(globals) ? globals.map(String) : []);
  return names;
}
