import type { PickleState } from './state.ts';
import type { Value } from './values.ts';
import * as value from './values.ts';

const MAX_DEPTH = 4;
const MAX_ITEMS = 8;
const MAX_TEXT = 120;

/** A symbolic value in the syntax of Python; values that are not kept are elided. For people, not for verdicts. */
export function describe(of: Value, state: PickleState, depth = 0): string {
  if (depth > MAX_DEPTH) return '...';
  switch (of.kind) {
    case value.NONE:
      return 'None';
    case value.BOOL:
      return 'bool';
    case value.INT:
      return 'int';
    case value.FLOAT:
      return 'float';
    case value.BYTES:
      return "b'...'";
    case value.STR:
    case value.STR_DUNDER:
      return quote(state.peekText(of));
    case value.TUPLE: {
      const items = state.tuple(of) ?? [];
      const shown = items.slice(0, MAX_ITEMS).map((item) => describe(item, state, depth + 1));
      if (items.length > MAX_ITEMS) shown.push(`... ${items.length - MAX_ITEMS} more`);
      return items.length === 1 ? `(${shown[0]},)` : `(${shown.join(', ')})`;
    }
    case value.LIST:
      return '[...]';
    case value.DICT:
      return '{...}';
    case value.SET:
      return 'set(...)';
    case value.FROZENSET:
      return 'frozenset(...)';
    case value.GLOBAL: {
      const global = state.global(of);
      return global === undefined || global.computed ? '<computed name>' : `${global.module}.${global.name}`;
    }
    case value.OBJECT: {
      const call = state.callOf(of);
      return call === undefined ? '?' : describeCall(call.callee, call.args, state, depth + 1);
    }
    case value.PERSID: {
      const id = state.persistentId(of);
      return `persistent_load(${id === undefined ? '' : describe(id, state, depth + 1)})`;
    }
    case value.EXT:
      return `extension(${of.ref})`;
    default:
      return 'buffer';
  }
}

/** `module.name(args)`. */
export function describeCall(callee: Value, args: Value, state: PickleState, depth = 0): string {
  const target = describe(callee, state, depth);
  if (args.kind !== value.TUPLE) return `${target}(*${describe(args, state, depth)})`;
  const shown = describe(args, state, depth);
  return `${target}${shown.endsWith(',)') ? `${shown.slice(0, -2)})` : shown}`;
}

function quote(text: string | undefined): string {
  if (text === undefined) return "'...'";
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  return JSON.stringify(cut);
}
