import { argsOf, calleeName, dictOf, type Inert, InertDict, isKind } from '../../formats/pickle/inert/index.ts';

/** A module of PyTorch, one level of it. */
export interface ModuleState {
  /** What `torch.nn.Module.state_dict` returns. */
  readonly kept: InertDict;
  /** Everything else that the module holds. */
  readonly attributes: InertDict;
}

const KEPT = ['_parameters', '_buffers', '_modules'] as const;

/** @returns `undefined` for a value that is not a module */
export function moduleState(value: Inert): ModuleState | undefined {
  if (!isKind(value, 'object') || value.states.length !== 1) return undefined;
  const [state] = value.states;
  if (!isKind(state, 'dict')) return undefined;
  const [parameters, buffers, modules] = KEPT.map((name) => dictOf(state.get(name)));
  if (parameters === undefined || buffers === undefined || modules === undefined) return undefined;
  const passing = setItems(state.get('_non_persistent_buffers_set'));
  const kept = new InertDict();
  const attributes = new InertDict();
  for (const [name, item] of parameters.entries()) if (item !== null) kept.set(name, item);
  for (const [name, item] of buffers.entries())
    if (item !== null) (passing.has(name) ? attributes : kept).set(name, item);
  for (const [name, item] of modules.entries()) if (item !== null) kept.set(name, item);
  for (const [name, item] of state.entries()) if (!KEPT.some((known) => known === name)) attributes.set(name, item);
  return { kept, attributes };
}

/** The items of a set, which protocols before 4 make with a call. */
function setItems(value: Inert | undefined): ReadonlySet<Inert> {
  if (isKind(value, 'set')) return new Set(value.items);
  const [first] = isKind(value, 'object') && calleeName(value) === 'builtins.set' ? (argsOf(value) ?? []) : [];
  return new Set(isKind(first, 'list') ? first.items : []);
}
