import type { PythonNode } from '../../../formats/python/index.ts';
import { knownItems } from './fold.ts';
import { type PythonMachine, SYNTAX } from './machine.ts';
import { bindTarget } from './targets.ts';
import { anyOf, listValue, PythonScope, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/**
 * What a comprehension holds: item by item where what it goes over is known, else once.
 * @param parts the element, and `for ... in ...` and `if ...` after it
 */
export function comprehended(machine: PythonMachine, parts: readonly PythonNode[], scope: PythonScope): PythonValue {
  const inner = new PythonScope('function', scope);
  const first = parts.findIndex(({ type }) => type === 'for');
  const elements = parts.slice(0, first).filter(({ type }) => !SYNTAX.test(type));
  const element = () => {
    const values = elements.map((part) => machine.evaluate(part, inner));
    return values.length === 1 ? (values[0] ?? UNKNOWN_VALUE) : { ...anyOf(values), text: undefined, items: undefined };
  };
  const loops = parts.slice(first).filter(({ type }) => type === 'for').length;
  const at = parts.findIndex(({ type }) => type === 'in');
  const targets = parts.slice(first + 1, at).filter(({ type }) => !SYNTAX.test(type));
  const over = parts[at + 1];
  const value = over === undefined ? UNKNOWN_VALUE : machine.evaluate(over, scope);
  const items = knownItems(value);
  const filtered = parts.slice(at + 2).some(({ type }) => type === 'if');
  if (loops === 1 && items !== undefined && !filtered && elements.length === 1) {
    const results: PythonValue[] = [];
    for (const one of items) {
      bindEach(machine, targets, one, inner);
      results.push(element());
    }
    return {
      ...anyOf(results.slice(0, 8)),
      text: undefined,
      number: undefined,
      ...pick(listValue(results, value.marks)),
    };
  }
  bindLoops(machine, parts.slice(first), inner);
  const one = element();
  return { ...one, text: undefined, number: undefined, items: undefined, marks: one.marks | value.marks };
}

function pick({ items, marks }: PythonValue): Pick<PythonValue, 'items' | 'marks'> {
  return { items, marks };
}

function bindEach(
  machine: PythonMachine,
  targets: readonly PythonNode[],
  value: PythonValue,
  scope: PythonScope,
): void {
  const [only] = targets;
  if (targets.length === 1 && only !== undefined) {
    bindTarget(machine, only, value, scope);
    return;
  }
  for (const [index, target] of targets.entries())
    bindTarget(machine, target, value.items?.[index] ?? { ...UNKNOWN_VALUE, marks: value.marks }, scope);
}

function bindLoops(machine: PythonMachine, parts: readonly PythonNode[], scope: PythonScope): void {
  let targets: PythonNode[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.type === 'for') targets = [];
    else if (part.type === 'in') {
      const over = parts[index + 1];
      const value = over === undefined ? UNKNOWN_VALUE : machine.evaluate(over, scope);
      const one = { ...anyOf((knownItems(value) ?? [value]).slice(0, 64)), text: undefined, items: undefined };
      for (const target of targets) bindTarget(machine, target, one, scope);
    } else if (part.type === 'if') {
      const condition = parts[index + 1];
      if (condition !== undefined) machine.evaluate(condition, scope);
    } else if (!SYNTAX.test(part.type)) targets.push(part);
  }
}
