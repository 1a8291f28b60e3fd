import type { SyntaxNode } from '@lezer/common';
import { LOADING_CALLS, type LoadingCall } from './loaders.ts';
import type { PythonModule } from './module.ts';

const BY_LAST = new Map<string, LoadingCall[]>();
for (const loader of LOADING_CALLS) {
  const last = loader.called.slice(loader.called.lastIndexOf('.') + 1);
  BY_LAST.set(last, [...(BY_LAST.get(last) ?? []), loader]);
}

interface Callee {
  readonly path: string;
  readonly last: string;
  readonly method: boolean;
}

const NO_CALLEE: Callee = { path: '', last: '', method: false };

/** The loader that a call is one of. */
export function loaderOf(call: SyntaxNode, module: PythonModule): LoadingCall | undefined {
  const callee = call.firstChild;
  if (callee === null) return undefined;
  const { path, last, method } = calleeOf(callee, module);
  const rows = BY_LAST.get(last);
  if (rows === undefined) return undefined;
  return rows.find((row) => {
    if (row.method === true && !method) return false;
    if (row.from !== undefined && !row.from.test(path)) return false;
    return path === row.called || path.endsWith(`.${row.called}`);
  });
}

/** The dotted name of what is called, as it was imported: `torch.hub.load` for `th.load` after `import torch.hub as th`. */
function calleeOf(callee: SyntaxNode, module: PythonModule): Callee {
  if (callee.name === 'VariableName') {
    const name = module.textOf(callee);
    const imported = module.imports.get(name);
    // The module itself defines what has the name of a loader.
    if (imported === undefined && module.bindingsOf(name, callee) !== undefined) return NO_CALLEE;
    const path = imported ?? name;
    return { path, last: path.slice(path.lastIndexOf('.') + 1), method: false };
  }
  const name = callee.name === 'MemberExpression' ? callee.lastChild : null;
  if (name?.name !== 'PropertyName') return NO_CALLEE;
  const last = module.textOf(name);
  if (!BY_LAST.has(last)) return { path: last, last, method: true };
  const [, first = '', rest = ''] = /^(\w+)((?:\.\w+)+)$/.exec(module.textOf(callee)) ?? [];
  const path = first === '' ? `?.${last}` : `${module.imports.get(first) ?? first}${rest}`;
  return { path, last, method: true };
}
