import type { Call, GlobalName, Value } from '../../formats/pickle/index.ts';
import type { ListedGlobal, Standing, Use } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';
import {
  type Breach,
  type Contract,
  distributionState,
  ITERATOR_STATES,
  isDistribution,
  NUMPY_STATES,
  partial,
  unexpected,
} from './contracts/index.ts';
import { LIBRARY_STATES } from './contracts/libraries/index.ts';
import { classState } from './contracts/native/index.ts';
import { BROKEN_CONTRACT, BYTES_AS_OBJECTS, UNEXPECTED_DATA } from './rules.ts';

/** Names the unpickler or the interpreter looks up on an object or a class while loading. */
export const LOADER_NAMES =
  /^__(setstate|reduce|reduce_ex|class|dict|call|new|init|getattr|getattribute|setattr|del|len|iter|next|eq|hash|bool|instancecheck|subclasscheck|getnewargs|getnewargs_ex|getinitargs|missing|setitem|slots|init_subclass|set_name|get|set|delete|prepare|bases|mro|subclasses|globals|builtins|code|closure|func|self|wrapped)__$/;

export const IDENTIFIER_PATH = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** A class of the archive itself: TorchScript resolves it to the source beside the pickle, which is judged there. */
export const TORCHSCRIPT_CLASS: Standing & { readonly kind: 'listed' } = {
  kind: 'listed',
  entry: {
    module: '__torch__',
    name: '*',
    uses: new Set(['import', 'call', 'new', 'build']),
    contract: undefined,
    types: undefined,
    tier: 'container',
    library: 'TorchScript',
    versions: '',
  },
};

/** Whether a name is spelled as those of classes are. */
export function isClassName(name: string): boolean {
  return /^_*[A-Z]\w*$/.test(name);
}

/** A dotted name that leads out of its module: through special attributes, or from something that is not a class. */
export function walksAttributes(global: GlobalName): boolean {
  const parts = global.name.split('.');
  if (global.name.includes('__') && parts.some((part) => LOADER_NAMES.test(part))) return true;
  if (parts.length === 1) return false;
  return parts.some((part) => part.startsWith('__')) || !parts.slice(0, -1).every((part) => /^_*[A-Z]/.test(part));
}

/** NEWOBJ makes an instance without calling the class; so do INST and OBJ without arguments. */
export function isNew(call: Call, args: readonly Value[]): boolean {
  if (call.opcode === 'NEWOBJ' || call.opcode === 'NEWOBJ_EX') return true;
  return (call.opcode === 'INST' || call.opcode === 'OBJ') && args.length === 0;
}

export function allowed(entry: ListedGlobal, use: Use, args: number): boolean {
  if (entry.uses.has(use)) return true;
  // A call of a class without arguments only creates an instance and runs its constructor with defaults.
  return use === 'call' && args === 0 && entry.uses.has('new');
}

/** A state of slots sets attributes one by one, and properties run code when they are set. */
const dictState: Contract = (state) =>
  state.length === 2 ? unexpected('its state has slots, which set properties that run code of the library') : undefined;

/** The contract for the state of a class whose state can do harm. */
export function stateContract(entry: ListedGlobal): Contract | undefined {
  // functools.partial takes its callable, arguments and keywords as its state.
  if (entry.module === 'functools' && entry.name === 'partial') return partial;
  if (isDistribution(entry)) return distributionState;
  const name = `${entry.module}:${entry.name}`;
  const own = NUMPY_STATES.get(name) ?? ITERATOR_STATES.get(name) ?? LIBRARY_STATES.get(name) ?? classState(name);
  return own ?? (entry.traits?.dictState === true ? dictState : undefined);
}

/** Whether the items of a state must be kept until BUILD, to be read by its contract. */
export function readsState(global: GlobalName): boolean {
  const name = `${global.module}:${global.name}`;
  return isDistribution(global) || LIBRARY_STATES.has(name) || classState(name) !== undefined;
}

/** Functions whose result is never a plain string. */
const MAKERS = /^numpy(?:\._?core)?(?:\.multiarray|\.numeric)?:(?:dtype|_reconstruct|_frombuffer|scalar)$/;

/** Whether a listed name never makes a plain string: no class does, except that of strings. */
export function makesNoText({ module, name, uses }: ListedGlobal): boolean {
  return (uses.has('new') && name !== 'str' && name !== 'unicode') || MAKERS.test(`${module}:${name}`);
}

export function isArrayMarker(global: GlobalName): boolean {
  return global.name === 'NumpyArrayWrapper' && /(^|\.)numpy_pickle$/.test(global.module);
}

/** The rule for a breach, and the text of the breach. */
export function ruleOf(breach: Breach): readonly [rule: Rule, what: string] {
  if (typeof breach === 'string') return [BROKEN_CONTRACT, breach];
  return [breach.kind === 'pointers' ? BYTES_AS_OBJECTS : UNEXPECTED_DATA, breach.what];
}
