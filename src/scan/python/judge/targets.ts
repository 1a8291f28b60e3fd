import type { PythonNode } from '../../../formats/python/index.ts';
import { allGiven, type GivenArguments, identifier, type PythonMachine } from './machine.ts';
import type { PythonScope } from './values.ts';
import { anyOf, either, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/** Gives a value to what stands on the left of it. */
export function bindTarget(machine: PythonMachine, target: PythonNode, value: PythonValue, scope: PythonScope): void {
  switch (target.type) {
    case 'VariableName':
      scope.set(identifier(machine, target), value, machine.certain);
      return;
    case 'MemberExpression': {
      const property = target.children.find(({ type }) => type === 'PropertyName');
      const [object] = target.children;
      if (property !== undefined) {
        const name = identifier(machine, property);
        machine.attributes.set(name, either(machine.attributes.get(name) ?? UNKNOWN_VALUE, value));
      } else if (object?.type === 'VariableName') {
        // `table[key] = value`: any item may be it.
        const name = identifier(machine, object);
        const known = scope.find(name) ?? UNKNOWN_VALUE;
        scope.set(
          name,
          { ...either(known, { ...value, text: undefined, number: undefined, items: undefined }), items: undefined },
          false,
        );
      }
      if (object !== undefined) machine.evaluate(object, scope);
      return;
    }
    case 'TupleExpression':
    case 'ArrayExpression':
    case 'ParenthesizedExpression': {
      const targets = target.children.filter(({ type }) => !/^[[\](),*]$/.test(type));
      const open = target.children.some(({ type }) => type === '*');
      for (const [index, one] of targets.entries())
        bindTarget(machine, one, open ? anyPart(value) : (value.items?.[index] ?? anyPart(value)), scope);
    }
  }
}

/** Some part of a value. */
export function anyPart(value: PythonValue): PythonValue {
  const items = value.items === undefined ? value : anyOf(value.items.slice(0, 64));
  return { ...items, text: undefined, number: undefined, items: undefined, marks: value.marks };
}

/**
 * Binds the parameters of a function: to what it is given, and to their defaults, which are evaluated where the function is defined.
 * @param self what the first parameter is, of a method
 */
export function bindParameters(
  machine: PythonMachine,
  list: PythonNode,
  given: GivenArguments | undefined,
  inner: PythonScope,
  outer: PythonScope,
  self?: PythonValue,
): void {
  let position = 0;
  for (const [index, part] of list.children.entries()) {
    if (part.type !== 'VariableName' || list.children[index - 1]?.type === 'AssignOp') continue;
    const star = list.children[index - 1]?.type;
    const name = identifier(machine, part);
    let next = index + 1;
    if (list.children[next]?.type === 'TypeDef') next++;
    const fallback = list.children[next]?.type === 'AssignOp' ? list.children[next + 1] : undefined;
    const standard = fallback === undefined ? UNKNOWN_VALUE : machine.evaluate(fallback, outer);
    const all = given === undefined ? [] : allGiven(given);
    const isRest = star === '*' || star === '**';
    const own = isRest
      ? { ...anyPart(anyOf(all)) }
      : position === 0 && self !== undefined
        ? self
        : argument(given, name, self === undefined ? position : position - 1);
    if (!isRest) position++;
    inner.set(name, own ?? standard, true);
  }
}

function argument(given: GivenArguments | undefined, name: string, position: number): PythonValue | undefined {
  if (given === undefined) return undefined;
  const own = given.named.get(name) ?? given.positional[position];
  if (own !== undefined) return given.spread.length === 0 ? own : either(own, anyPart(anyOf(given.spread)));
  return given.spread.length === 0 ? undefined : anyPart(anyOf(given.spread));
}
