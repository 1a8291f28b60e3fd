import { type PythonNode, pythonInteger, pythonString, unescapePython } from '../../../formats/python/index.ts';
import { evaluateCall } from './calls.ts';
import { comprehended } from './comprehensions.ts';
import { operated, sliced } from './fold.ts';
import { identifier, operands, type PythonMachine, SYNTAX, writtenText } from './machine.ts';
import { attributeOf, itemOf } from './members.ts';
import { canonical, decodes, reachOf } from './names.ts';
import { bindParameters, bindTarget } from './targets.ts';
import {
  anyOf,
  either,
  knownText,
  listValue,
  MARKS,
  marksOf,
  named,
  numberValue,
  PythonScope,
  type PythonValue,
  UNKNOWN_VALUE,
} from './values.ts';

/** What an expression may be. */
export function evaluateExpression(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  switch (node.type) {
    case 'VariableName':
      return variable(machine, node, scope);
    case 'String':
      return knownText(pythonString(writtenText(machine, node)) ?? '', MARKS.literal);
    case 'ContinuedString':
      return node.children.map((part) => machine.evaluate(part, scope)).reduce((a, b) => operated('+', a, b));
    case 'FormatString':
      return formatted(machine, node, scope);
    case 'Number':
      return numberValue(pythonInteger(writtenText(machine, node)) ?? Number.NaN);
    case 'MemberExpression':
      return member(machine, node, scope);
    case 'CallExpression':
      return evaluateCall(machine, node, scope);
    case 'BinaryExpression':
      return binary(machine, node, scope);
    case 'UnaryExpression':
      return unary(machine, node, scope);
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
      return listed(machine, node, scope);
    case 'ParenthesizedExpression':
    case 'AwaitExpression':
      return anyOf(operands(node).map((part) => machine.evaluate(part, scope)));
    case 'ConditionalExpression': {
      const [first = UNKNOWN_VALUE, , last = UNKNOWN_VALUE] = operands(node).map((part) =>
        machine.evaluate(part, scope),
      );
      return either(first, last);
    }
    case 'NamedExpression': {
      const [target, given] = operands(node);
      const value = given === undefined ? UNKNOWN_VALUE : machine.evaluate(given, scope);
      if (target !== undefined) bindTarget(machine, target, value, scope);
      return value;
    }
    case 'LambdaExpression':
      return lambda(machine, node, scope);
    case 'ComprehensionExpression':
    case 'ArrayComprehensionExpression':
    case 'SetComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return comprehended(machine, node.children.slice(1, -1), scope);
    default: {
      // Dictionaries, and whatever else has parts: any of them may come out of it.
      const parts = operands(node).map((part) => machine.evaluate(part, scope));
      const all = anyOf(parts);
      return { ...all, text: undefined, number: undefined, items: undefined, marks: marksOf(parts) };
    }
  }
}

function variable(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const name = identifier(machine, node);
  const global = scope.module.names.get(name);
  if (global !== undefined && global.locals.length + global.instances.length > 0) machine.use(name);
  const own = scope.find(name);
  if (own !== undefined) return own;
  // `from os import *` may bring any name of the module.
  const brought = scope.module.stars.map((module) => canonical(`${module}.${name}`));
  const told = brought.filter((one) => reachOf(one) !== undefined || decodes(one));
  if (told.length > 0) return named(...told);
  return named(name === '__builtins__' ? 'builtins' : `builtins.${name}`);
}

function formatted(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const source = writtenText(machine, node);
  const [whole = '', prefix = '', quotes = ''] = /^([A-Za-z]{0,3})("""|'''|"|')/.exec(source) ?? [];
  let at = node.from + whole.length;
  let value = knownText('', MARKS.literal);
  const add = (to: number) => {
    const text = unescapePython(machine.text.slice(at, to), prefix).replaceAll('{{', '{').replaceAll('}}', '}');
    value = operated('+', value, knownText(text));
  };
  for (const part of node.children) {
    if (part.type !== 'FormatReplacement') continue;
    add(part.from);
    const [inner] = operands(part);
    const one = inner === undefined ? UNKNOWN_VALUE : machine.evaluate(inner, scope);
    for (const more of part.children.filter(({ type }) => type === 'FormatSpec')) machine.evaluate(more, scope);
    const shown = one.text ?? (one.number === undefined ? undefined : String(one.number));
    value =
      shown === undefined
        ? { ...UNKNOWN_VALUE, marks: value.marks | one.marks }
        : operated('+', value, knownText(shown, one.marks));
    at = part.to;
  }
  add(node.to - quotes.length);
  return value;
}

/** `object.name`, `object[key]`, `object[from:to]`. */
function member(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const [object, mark] = node.children;
  if (object === undefined || mark === undefined) return UNKNOWN_VALUE;
  const base = machine.evaluate(object, scope);
  if (mark.type === '[') return item(machine, node, base, scope);
  const property = node.children.find(({ type }) => type === 'PropertyName');
  return property === undefined ? UNKNOWN_VALUE : attributeOf(machine, base, identifier(machine, property));
}

function item(machine: PythonMachine, node: PythonNode, base: PythonValue, scope: PythonScope): PythonValue {
  const inner = node.children.slice(2, -1);
  const values = new Map(
    inner.filter(({ type }) => !SYNTAX.test(type)).map((part) => [part, machine.evaluate(part, scope)]),
  );
  if (inner.some(({ type }) => type === ':')) {
    const bounds: (number | undefined | 'open')[] = ['open'];
    for (const part of inner) {
      if (part.type === ':') bounds.push('open');
      else bounds[bounds.length - 1] = values.get(part)?.number;
    }
    return sliced(base, bounds);
  }
  const [key] = values.values();
  return itemOf(base, key ?? UNKNOWN_VALUE, scope);
}

function binary(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const [a, b] = operands(node);
  const operator = node.children.find(({ type }) => /Op$|^(?:and|or|not|in|is)$/.test(type));
  const [left, right] = [a, b].map((part) => (part === undefined ? UNKNOWN_VALUE : machine.evaluate(part, scope)));
  const written = operator === undefined ? '' : writtenText(machine, operator);
  if (written === 'and' || written === 'or') return either(left ?? UNKNOWN_VALUE, right ?? UNKNOWN_VALUE);
  if (operator?.type === 'CompareOp' || /^(?:not|in|is)$/.test(written)) return UNKNOWN_VALUE;
  // `a @ b`, `a >> b` and the like may be methods of the program, which making the instance has run.
  return operated(written, left ?? UNKNOWN_VALUE, right ?? UNKNOWN_VALUE);
}

function unary(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const [part] = operands(node);
  const value = part === undefined ? UNKNOWN_VALUE : machine.evaluate(part, scope);
  const operator = node.children[0] === undefined ? '' : writtenText(machine, node.children[0]);
  if (value.number === undefined) return operator === 'not' ? UNKNOWN_VALUE : { ...UNKNOWN_VALUE, marks: value.marks };
  if (operator === '-') return numberValue(-value.number, value.marks);
  return operator === '~' ? numberValue(-value.number - 1, value.marks) : operator === '+' ? value : UNKNOWN_VALUE;
}

function listed(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const spread = node.children.some(({ type }) => type === '*');
  const items = operands(node).map((part) => machine.evaluate(part, scope));
  const numbers = items.length > 0 && items.every(({ number }) => number !== undefined);
  const all = anyOf(items.slice(0, 64));
  const marks = marksOf(items) | (numbers ? MARKS.literal : 0);
  if (spread) return { ...all, text: undefined, number: undefined, items: undefined, marks };
  return { ...listValue(items, marks), names: all.names, locals: all.locals, instances: all.instances };
}

function lambda(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const parameters = node.children.find(({ type }) => type === 'ParamList');
  if (parameters !== undefined)
    bindParameters(machine, parameters, undefined, new PythonScope('function', scope), scope);
  return { ...UNKNOWN_VALUE, locals: [machine.define(node, 'lambda', scope, undefined)] };
}
