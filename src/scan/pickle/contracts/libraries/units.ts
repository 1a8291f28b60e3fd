import { FLOAT, INT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected } from '../contract.ts';
import { knownArray } from '../native/index.ts';

/** pint evaluates expressions, not only names: `2**9**9` is a unit, too. */
const UNIT = /^[\p{L}\p{S}\p{M}_%°][\p{L}\p{N}\p{M}\p{S}_%°]{0,63}$/u;
/** Operators among the symbols. */
const OPERATOR = /[+*/^|~<>=×÷±−√]/u;
const UNITS = unexpected('its units are not names with numeric powers');

/** A container of units was given `(dict of names and powers, one, class of numbers)`; its names are looked up as expressions. */
function unitsBreach(of: Value | undefined, context: ContractContext): Breach | undefined {
  const built =
    of === undefined || !isMade(of, 'UnitsContainer', context) ? undefined : context.state.builtStates.get(of.ref);
  const [names] = (built === undefined ? undefined : context.state.tuple(built)) ?? [];
  return names !== undefined && isMade(names, 'udict', context) ? undefined : UNITS;
}

function isMade(of: Value, name: string, context: ContractContext): boolean {
  const maker = context.madeBy(of);
  return maker?.module === 'pint.util' && maker.name === name;
}

/** Names of units and their powers, as items of their dict. */
const powers: Contract = (items, { state }) => {
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, power] = [items[i], items[i + 1]];
    const name = key === undefined ? undefined : state.text(key);
    if (state.waits) return undefined;
    if (name === undefined || !UNIT.test(name) || OPERATOR.test(name)) return UNITS;
    if (power?.kind !== INT && power?.kind !== FLOAT) return UNITS;
  }
  return undefined;
};

/** Created empty, so that its whole content came as items. */
const emptyDict: Contract = (args) => (args.length === 0 ? undefined : UNITS);

function isClass(of: Value | undefined, name: string, { state }: ContractContext): boolean {
  const global = of === undefined ? undefined : state.global(of);
  return global !== undefined && `${global.module}:${global.name}` === name;
}

/** `_unpickle_quantity(class, magnitude, units)`: a text would be evaluated as an expression. */
const quantity: Contract = (args, context) => {
  const [type, magnitude, units] = args;
  if (args.length !== 3 || !isClass(type, 'pint.facets.plain.quantity:PlainQuantity', context))
    return unexpected('its arguments are not those with which pint writes a quantity');
  const number = magnitude?.kind === INT || magnitude?.kind === FLOAT || magnitude?.kind === NONE;
  const array = number ? undefined : knownArray(magnitude, context);
  if (context.state.waits) return undefined;
  if (!number && (array === undefined || !/^[biufc]$/.test(array.letter)))
    return unexpected('its magnitude is neither a number nor an array of numbers');
  return unitsBreach(units, context);
};

/** `_unpickle_unit(class, units)`. */
const unit: Contract = (args, context) =>
  args.length === 2 && isClass(args[0], 'pint.facets.plain.unit:PlainUnit', context)
    ? unitsBreach(args[1], context)
    : unexpected('its arguments are not those with which pint writes a unit');

export const UNIT_CALLS: readonly (readonly [string, Contract])[] = [
  ['pint:_unpickle_quantity', quantity],
  ['pint:_unpickle_unit', unit],
  ['pint.util:udict', emptyDict],
];

export const UNIT_ITEMS: readonly (readonly [string, Contract])[] = [['pint.util:udict', powers]];
