import { dict, tensor } from '../../support/checkpoint.ts';
import { global, type Instruction } from '../../support/pickle-asm.ts';

export type Program = readonly Instruction[];

export const NONE: Program = ['NONE'];
export const EMPTY: Program = ['EMPTY_DICT'];
export const FALSE: Program = ['NEWFALSE'];
export const number = (value: number): Program => [
  ['BININT', value & 255, (value >> 8) & 255, (value >> 16) & 255, value >> 24],
];

/** An instance of a class, with a state. */
export function instance(module: string, name: string, state: Program): Instruction[] {
  return [global(module, name), 'EMPTY_TUPLE', 'NEWOBJ', ...state, 'BUILD'];
}

export interface Parts {
  readonly parameters?: Readonly<Record<string, Program>>;
  readonly buffers?: Readonly<Record<string, Program>>;
  readonly modules?: Readonly<Record<string, Program>>;
}

/** The state of a module. */
export function stateOf(parts: Parts, attributes: Readonly<Record<string, Program>>): Instruction[] {
  return dict({
    training: FALSE,
    _parameters: dict(parts.parameters ?? {}),
    _buffers: dict(parts.buffers ?? {}),
    _modules: dict(parts.modules ?? {}),
    ...attributes,
  });
}

/** A linear layer of 2 features, over the storages `0` and `1`. */
export function linear(
  attributes: Readonly<Record<string, Program>> = {},
  parameters: Readonly<Record<string, Program>> = {},
): Instruction[] {
  const own = { weight: tensor('0', [2, 2], [2, 1]), bias: tensor('1', [2], [1]), ...parameters };
  const sizes = { in_features: number(2), out_features: number(2) };
  return instance('torch.nn.modules.linear', 'Linear', stateOf({ parameters: own }, { ...sizes, ...attributes }));
}

/** Modules one after the other. */
export function sequence(
  modules: Readonly<Record<string, Program>>,
  attributes: Readonly<Record<string, Program>> = {},
): Instruction[] {
  return instance('torch.nn.modules.container', 'Sequential', stateOf({ modules }, attributes));
}
