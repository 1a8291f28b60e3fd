import type { PythonNode } from '../../../formats/python/index.ts';
import { givenTo } from './calls.ts';
import { knownItems, operated } from './fold.ts';
import { asGiven, identifier, operands, type PythonMachine, SYNTAX, writtenText } from './machine.ts';
import { canonical } from './names.ts';
import { anyPart, bindParameters, bindTarget } from './targets.ts';
import { either, type LocalClass, named, PythonScope, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/** Items that a loop is followed over one by one. */
const MAX_TURNS = 4_096;

/** What a statement does, and what the statements in it do. */
export function runStatement(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  switch (node.type) {
    case 'ImportStatement':
      runImport(machine, node, scope);
      return;
    case 'AssignStatement':
      assign(machine, node, scope);
      return;
    case 'UpdateStatement': {
      const [target, operator, right] = node.children;
      if (target === undefined || operator === undefined || right === undefined) return;
      const written = writtenText(machine, operator).slice(0, -1);
      bindTarget(
        machine,
        target,
        operated(written, machine.evaluate(target, scope), machine.evaluate(right, scope)),
        scope,
      );
      return;
    }
    case 'FunctionDefinition':
      defineFunction(machine, node, scope, []);
      return;
    case 'ClassDefinition':
      defineClass(machine, node, scope, []);
      return;
    case 'DecoratedStatement':
      decorated(machine, node, scope);
      return;
    case 'IfStatement':
      runIf(machine, node, scope);
      return;
    case 'ForStatement':
      runFor(machine, node, scope);
      return;
    case 'WhileStatement':
      unsure(machine, () => {
        for (let turn = 0; turn < 2; turn++) runParts(machine, node, scope);
      });
      return;
    case 'TryStatement':
      runTry(machine, node, scope);
      return;
    case 'WithStatement':
      runWith(machine, node, scope);
      return;
    case 'MatchStatement':
    case 'MatchBody':
    case 'MatchClause':
      unsure(machine, () => runParts(machine, node, scope));
      return;
    case 'ReturnStatement':
    case 'YieldStatement': {
      const parts = operands(node).filter(({ type }) => !/^(?:return|yield)$/.test(type));
      const [only] = parts;
      const values = parts.map((part) => machine.evaluate(part, scope));
      const value =
        parts.length === 1 && only !== undefined ? (values[0] ?? UNKNOWN_VALUE) : values.reduce(either, UNKNOWN_VALUE);
      scope.result = scope.result === undefined ? value : either(scope.result, value);
      return;
    }
    case 'ScopeStatement':
      for (const part of node.children) {
        if (part.type !== 'VariableName') continue;
        const isGlobal = node.children[0]?.type === 'global';
        const outer = isGlobal ? scope.module : scope.parent;
        if (outer !== undefined && outer !== scope) scope.outer.set(identifier(machine, part), outer);
      }
      return;
    default:
      runParts(machine, node, scope);
  }
}

const STATEMENT = /Statement$|Definition$|^(?:Body|StatementGroup|Script|MatchBody|MatchClause)$/;
const WORDS =
  /^(?:while|else|elif|try|except|finally|with|as|match|case|return|del|raise|assert|pass|break|continue|print|class|def|global|nonlocal|type)$/;

function runParts(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  for (const part of node.children) {
    if (STATEMENT.test(part.type)) machine.run(part, scope);
    else if (!SYNTAX.test(part.type) && !WORDS.test(part.type) && !part.type.endsWith('Pattern'))
      machine.evaluate(part, scope);
  }
}

/** Runs what may not run, or not once: earlier values of names stay. */
function unsure(machine: PythonMachine, work: () => void): void {
  const before = machine.certain;
  machine.certain = false;
  work();
  machine.certain = before;
}

function assign(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  const sides: PythonNode[][] = [[]];
  for (const part of node.children) {
    if (part.type === 'AssignOp') sides.push([]);
    else if (part.type === 'TypeDef') annotation(machine, part, scope);
    else if (part.type !== ',') sides.at(-1)?.push(part);
  }
  if (sides.length < 2) return;
  const right = (sides.pop() ?? []).filter(({ type }) => type !== '*').map((part) => machine.evaluate(part, scope));
  const [only = UNKNOWN_VALUE] = right;
  const value: PythonValue =
    right.length === 1 ? only : { ...right.reduce(either, UNKNOWN_VALUE), items: right, text: undefined };
  for (const targets of sides) {
    const [first] = targets;
    if (targets.length === 1 && first !== undefined) bindTarget(machine, first, value, scope);
    else {
      const open = targets.some(({ type }) => type === '*');
      for (const [index, target] of targets.filter(({ type }) => type !== '*').entries())
        bindTarget(machine, target, open ? anyPart(value) : (value.items?.[index] ?? anyPart(value)), scope);
    }
  }
}

function annotation(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  for (const part of operands(node)) machine.evaluate(part, scope);
}

function defineFunction(
  machine: PythonMachine,
  node: PythonNode,
  scope: PythonScope,
  decorators: readonly PythonNode[],
): void {
  const name = node.children.find(({ type }) => type === 'VariableName');
  const parameters = node.children.find(({ type }) => type === 'ParamList');
  if (name === undefined) return;
  const called = identifier(machine, name);
  // Defaults, annotations and decorators run where the function is defined.
  if (parameters !== undefined) {
    bindParameters(machine, parameters, undefined, new PythonScope('function', scope), scope);
    for (const part of parameters.children) if (part.type === 'TypeDef') annotation(machine, part, scope);
  }
  for (const part of node.children) if (part.type === 'TypeDef') annotation(machine, part, scope);
  const local = machine.define(node, called, scope, scope.kind === 'class' ? machine.classOf(scope) : undefined);
  scope.set(called, decorate(machine, { ...UNKNOWN_VALUE, locals: [local] }, decorators, scope), machine.certain);
}

function defineClass(
  machine: PythonMachine,
  node: PythonNode,
  scope: PythonScope,
  decorators: readonly PythonNode[],
): void {
  const name = node.children.find(({ type }) => type === 'VariableName');
  if (name === undefined) return;
  const called = identifier(machine, name);
  const list = node.children.find(({ type }) => type === 'ArgList');
  const args = givenTo(machine, list, scope);
  const isClass = (one: PythonValue['locals'][number]): one is LocalClass => one.kind === 'class';
  const bases = [...args.positional, ...args.spread].flatMap(({ locals }) => locals.filter(isClass));
  const inner = new PythonScope('class', scope);
  const made = machine.defineClass(called, inner, bases);
  const body = node.children.find(({ type }) => type === 'Body');
  if (body !== undefined) machine.run(body, inner);
  // A base's `__init_subclass__` and the methods of a metaclass run now.
  for (const base of bases) machine.runOwn(base, /^__(?:init_subclass|set_name|class_getitem|mro_entries)__$/);
  for (const meta of args.named.get('metaclass')?.locals ?? []) {
    if (meta.kind === 'class') machine.runOwn(meta, /./);
    else machine.call(meta, asGiven([UNKNOWN_VALUE, UNKNOWN_VALUE, UNKNOWN_VALUE]), undefined);
  }
  scope.set(called, decorate(machine, { ...UNKNOWN_VALUE, locals: [made] }, decorators, scope), machine.certain);
}

function decorated(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  const decorators = node.children.filter(({ type }) => type === 'Decorator');
  for (const part of node.children) {
    if (part.type === 'FunctionDefinition') defineFunction(machine, part, scope, decorators);
    if (part.type === 'ClassDefinition') defineClass(machine, part, scope, decorators);
  }
}

/** The value that decorators make of a function or a class; it stays what it was, besides. */
function decorate(
  machine: PythonMachine,
  value: PythonValue,
  decorators: readonly PythonNode[],
  scope: PythonScope,
): PythonValue {
  return [...decorators].reverse().reduce((made, node) => either(value, machine.decorate(node, made, scope)), value);
}

const MAIN = /^\s*\(?\s*(?:__name__\s*==\s*["']__main__["']|["']__main__["']\s*==\s*__name__)\s*\)?\s*$/;

function runIf(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  let condition = '';
  for (const part of node.children) {
    if (part.type === 'else' || part.type === 'elif') condition = '';
    else if (part.type === 'Body') {
      if (MAIN.test(condition) && scope.kind === 'module')
        machine.asOwner('__main__', () => unsure(machine, () => machine.run(part, scope)));
      else unsure(machine, () => machine.run(part, scope));
    } else if (!SYNTAX.test(part.type)) {
      condition = writtenText(machine, part);
      machine.evaluate(part, scope);
    }
  }
}

function runFor(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  const at = node.children.findIndex(({ type }) => type === 'in');
  const targets = node.children.slice(0, at).filter(({ type }) => !SYNTAX.test(type));
  const bodies = node.children.filter(({ type }) => type === 'Body');
  const over = node.children.slice(at + 1).filter(({ type }) => !SYNTAX.test(type) && type !== 'Body');
  const values = over.map((part) => machine.evaluate(part, scope));
  const [only] = values;
  const items = values.length === 1 && only !== undefined ? knownItems(only) : values;
  const bind = (value: PythonValue) => {
    const [target] = targets;
    if (targets.length === 1 && target !== undefined) bindTarget(machine, target, value, scope);
    else
      for (const [index, one] of targets.entries())
        bindTarget(machine, one, value.items?.[index] ?? anyPart(value), scope);
  };
  if (items !== undefined && items.length <= MAX_TURNS && at > 0) {
    for (const value of items) {
      bind(value);
      for (const body of bodies) machine.run(body, scope);
    }
    if (items.length > 0) return;
  }
  unsure(machine, () => {
    for (let turn = 0; turn < 2; turn++) {
      bind(anyPart(only ?? UNKNOWN_VALUE));
      for (const body of bodies) machine.run(body, scope);
    }
  });
}

function runTry(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  let isFirst = true;
  for (const part of node.children) {
    if (part.type === 'Body') {
      if (isFirst) machine.run(part, scope);
      else unsure(machine, () => machine.run(part, scope));
      isFirst = false;
    } else if (!SYNTAX.test(part.type) && !WORDS.test(part.type)) machine.evaluate(part, scope);
  }
}

function runWith(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  let value = UNKNOWN_VALUE;
  for (const [index, part] of node.children.entries()) {
    if (part.type === 'Body') machine.run(part, scope);
    else if (node.children[index - 1]?.type === 'as') bindTarget(machine, part, value, scope);
    else if (!SYNTAX.test(part.type) && !WORDS.test(part.type)) value = machine.evaluate(part, scope);
  }
}

/** `import a.b as c`, `from .a import b as c`. */
function runImport(machine: PythonMachine, node: PythonNode, scope: PythonScope): void {
  const words = node.children
    .filter(({ type }) => type !== '(' && type !== ')')
    .map((part) => (part.type === 'VariableName' ? identifier(machine, part) : writtenText(machine, part)));
  const at = words.indexOf('import');
  const from = words[0] === 'from' ? words.slice(1, at).join('') : undefined;
  if (from !== undefined) machine.imports(from);
  for (const part of words
    .slice(at + 1)
    .join(' ')
    .split(',')) {
    const [path = '', alias] = part.split(/\sas\s/).map((text) => text.replaceAll(' ', ''));
    if (path === '') continue;
    if (path === '*') {
      if (from !== undefined) scope.module.stars.push(from);
      continue;
    }
    const [top = path] = path.split('.');
    if (from === undefined) {
      machine.imports(path);
      scope.set(alias ?? top, named(canonical(alias === undefined ? top : path)), machine.certain);
    } else {
      machine.imports(/\.$/.test(from) ? `${from}${path}` : `${from}.${path}`);
      scope.set(alias ?? path, named(canonical(`${from}.${path}`)), machine.certain);
    }
  }
}
