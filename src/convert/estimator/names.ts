import { argsOf, globalName, type Inert, type InertGlobal, isKind } from '../../formats/pickle/inert/index.ts';

/** The class of an object that was pickled as an instance; `undefined` for any other value. */
export function classOf(value: Inert | undefined): InertGlobal | undefined {
  if (!isKind(value, 'object')) return undefined;
  if (value.opcode === 'NEWOBJ' && isKind(value.callee, 'global')) return value.callee;
  // Protocols 0 and 1 make objects with `copyreg._reconstructor(cls, object, None)`.
  const [cls] = argsOf(value) ?? [];
  return globalName(value.callee) === 'copyreg._reconstructor' && isKind(cls, 'global') ? cls : undefined;
}

/** The name that a class is documented by: `sklearn.linear_model.Ridge` of `sklearn.linear_model._ridge.Ridge`. */
export function publicName({ module, name }: InertGlobal): string {
  const parts = module.split('.');
  const shown = parts.findIndex((part, index) => index > 0 && part.startsWith('_'));
  const kept = parts[0] === 'sklearn' ? parts.slice(0, 2) : parts.slice(0, shown === -1 ? undefined : shown);
  return [...kept.filter((part) => !part.startsWith('_')), name].join('.');
}
