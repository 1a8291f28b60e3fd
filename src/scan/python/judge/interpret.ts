import { lineOf, type PythonNode, type PythonTree, readPython } from '../../../formats/python/index.ts';
import type { PythonFacts, ReachingCall } from '../../scanner/index.ts';
import { call } from './calls.ts';
import { evaluateExpression } from './expressions.ts';
import { asGiven, type GivenArguments, identifier, operands, type PythonMachine } from './machine.ts';
import { methodOf } from './members.ts';
import { runStatement } from './statements.ts';
import { anyPart, bindParameters } from './targets.ts';
import { type LocalClass, type LocalFunction, PythonScope, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/** CWE-400, CWE-770: expressions and statements that are looked at, calls within calls, turns of one function, facts. */
export const INTERPRETER_BOUNDS = { steps: 600_000, depth: 16, turns: 6, texts: 4, calls: 200, names: 2_000 } as const;

class OutOfSteps extends Error {}

/**
 * What a Python program would do, by its text: every statement and every function is looked at, names are followed to what they stand
 * for, and nothing runs.
 */
export function interpret(tree: PythonTree): Omit<PythonFacts, 'kind'> {
  const interpreter = new Interpreter(tree);
  const gap = interpreter.runAll();
  return {
    ...interpreter.facts(),
    gap: gap ?? (tree.faultAt === undefined ? null : `line ${tree.faultAt} is not Python 3 as this reader knows it`),
  };
}

class Interpreter implements PythonMachine {
  text: string;
  certain = true;
  owner: string | null = null;
  readonly attributes = new Map<string, PythonValue>();
  readonly #root: PythonNode;
  readonly #module = new PythonScope('module', undefined);
  readonly #calls = new Map<string, ReachingCall>();
  readonly #imports = new Set<string>();
  readonly #uses = new Map<string, Set<string>>();
  readonly #pending: LocalFunction[] = [];
  readonly #classes = new Map<PythonScope, LocalClass>();
  /** Turns of each function for each owner: what it was given, and what it gave. */
  readonly #turns = new Map<PythonNode, Map<string, PythonValue>>();
  readonly #owned = new Set<string>();
  #top = '';
  #steps = 0;
  #depth = 0;
  #texts = 0;
  /** The line of the text in which a text of the program stands. */
  #outerLine: number | undefined;
  #dropped = false;

  constructor({ text, root }: PythonTree) {
    this.text = text;
    this.#root = root;
  }

  /** @returns why it did not get to the end */
  runAll(): string | undefined {
    try {
      this.run(this.#root, this.#module);
      for (const local of this.#module.names.get('__getattr__')?.locals ?? [])
        if (local.kind === 'function') this.call(local, asGiven([UNKNOWN_VALUE]), undefined);
      // What importing does not call: a loader may. New functions are found on the way.
      for (let at = 0; at < this.#pending.length; at++) {
        const local = this.#pending[at];
        if (local === undefined) continue;
        this.asOwner(local.top, () =>
          this.call(local, asGiven(), local.of === undefined ? undefined : instanceOf(local.of)),
        );
      }
      return this.#dropped ? 'it makes more calls than are followed' : undefined;
    } catch (error) {
      if (error instanceof OutOfSteps) return 'following it to its end takes too long';
      if (error instanceof RangeError) return 'it is nested too deep';
      throw error;
    }
  }

  facts(): Pick<PythonFacts, 'imports' | 'defines' | 'calls' | 'uses'> {
    const names = [...this.#module.names].filter(([, { locals }]) => locals.length > 0).map(([name]) => name);
    // A name that holds functions uses them.
    for (const [name, { locals, instances }] of this.#module.names) {
      for (const { top } of [...locals, ...instances]) if (top !== name) this.#useFrom(name, top);
    }
    return {
      imports: [...this.#imports].slice(0, INTERPRETER_BOUNDS.names),
      defines: names.slice(0, INTERPRETER_BOUNDS.names),
      calls: [...this.#calls.values()],
      uses: Object.fromEntries(
        [...this.#uses].slice(0, INTERPRETER_BOUNDS.names).map(([name, used]) => [name, [...used]]),
      ),
    };
  }

  evaluate(node: PythonNode, scope: PythonScope): PythonValue {
    this.#step();
    return evaluateExpression(this, node, scope);
  }

  run(node: PythonNode, scope: PythonScope): void {
    this.#step();
    runStatement(this, node, scope);
  }

  #step(): void {
    if (++this.#steps > INTERPRETER_BOUNDS.steps) throw new OutOfSteps();
  }

  call(called: LocalFunction, args: GivenArguments, self: PythonValue | undefined): PythonValue {
    // What importing and starting do is followed through every function; else a function's calls are its own, and who uses it is told.
    const before = this.owner;
    this.owner = before === null || before === '__main__' ? before : called.top;
    const result = this.#turn(called, args, self);
    this.owner = before;
    return result;
  }

  #turn(called: LocalFunction, args: GivenArguments, self: PythonValue | undefined): PythonValue {
    const known = this.#turns.get(called.node) ?? new Map<string, PythonValue>();
    this.#turns.set(called.node, known);
    const of = (one: GivenArguments) => `${this.owner}\n${signature(one)}`;
    const count = [...known.keys()].filter((one) => one.startsWith(`${this.owner}\n`)).length;
    // After some turns only what may be called or was decoded tells one turn from another.
    const taken = count < INTERPRETER_BOUNDS.turns || known.has(of(args)) ? args : widened(args);
    const key = of(taken);
    const before = known.get(key);
    if (before !== undefined) return before;
    if (this.#depth >= INTERPRETER_BOUNDS.depth || count >= 8 * INTERPRETER_BOUNDS.turns) {
      // A function of its own is looked at in any case, without what it is given here.
      this.#dropped ||= this.owner === null || count >= 8 * INTERPRETER_BOUNDS.turns;
      return UNKNOWN_VALUE;
    }
    known.set(key, UNKNOWN_VALUE);
    const scope = new PythonScope('function', called.scope);
    const result = this.#within(called, () => {
      const parameters = called.node.children.find(({ type }) => type === 'ParamList');
      if (parameters !== undefined) bindParameters(this, parameters, taken, scope, called.scope, self);
      if (called.node.type === 'LambdaExpression') {
        const body = operands(called.node)
          .filter(({ type }) => type !== 'ParamList')
          .at(-1);
        return body === undefined ? UNKNOWN_VALUE : this.evaluate(body, scope);
      }
      const body = called.node.children.find(({ type }) => type === 'Body');
      if (body !== undefined) this.run(body, scope);
      return scope.result ?? UNKNOWN_VALUE;
    });
    known.set(key, result);
    return result;
  }

  /** Runs code of another place: its text, its top-level name, and no doubt whether it runs. */
  #within<T>({ text, top }: Pick<LocalFunction, 'text' | 'top'>, work: () => T): T {
    const before = { text: this.text, certain: this.certain, top: this.#top };
    this.text = text;
    this.certain = true;
    this.#top = top;
    this.#depth++;
    const result = work();
    this.#depth--;
    this.text = before.text;
    this.certain = before.certain;
    this.#top = before.top;
    return result;
  }

  instantiate(made: LocalClass, args: GivenArguments): PythonValue {
    const self = instanceOf(made);
    for (const name of ['__new__', '__init__']) {
      for (const local of methodOf(made, name)?.locals ?? [])
        if (local.kind === 'function') this.call(local, args, self);
    }
    this.runOwn(made, /^__(?!init__|new__)\w+__$/);
    return self;
  }

  runOwn(of: LocalClass, names: RegExp): void {
    const key = `${this.owner}\n${of.top}\n${of.name}\n${names.source}`;
    if (this.#owned.has(key) || this.#owned.size > INTERPRETER_BOUNDS.names) return;
    this.#owned.add(key);
    for (const [name, { locals }] of of.scope.names) {
      if (!names.test(name)) continue;
      for (const local of locals) if (local.kind === 'function') this.call(local, asGiven(), instanceOf(of));
    }
    for (const base of of.bases) this.runOwn(base, names);
  }

  define(node: PythonNode, name: string, scope: PythonScope, of: LocalClass | undefined): LocalFunction {
    const top = scope.kind === 'module' && node.type !== 'LambdaExpression' ? name : (of?.top ?? this.#top);
    const local: LocalFunction = {
      kind: 'function',
      name,
      node,
      scope,
      of,
      text: this.text,
      top: top === '' ? name : top,
    };
    if (this.#pending.length < INTERPRETER_BOUNDS.names * 4) this.#pending.push(local);
    else this.#dropped = true;
    return local;
  }

  defineClass(name: string, scope: PythonScope, bases: readonly LocalClass[]): LocalClass {
    const isTop = scope.parent?.kind === 'module';
    const made: LocalClass = { kind: 'class', name, scope, bases, top: isTop || this.#top === '' ? name : this.#top };
    this.#classes.set(scope, made);
    for (const base of bases) this.#useFrom(made.top, base.top);
    return made;
  }

  classOf(scope: PythonScope): LocalClass | undefined {
    return this.#classes.get(scope);
  }

  decorate(node: PythonNode, value: PythonValue, scope: PythonScope): PythonValue {
    const [first, ...rest] = node.children.filter(({ type }) => type !== 'At');
    if (first === undefined) return UNKNOWN_VALUE;
    // `@a.b(c)` is written without a node of its own: names, dots, and arguments.
    const names = [first, ...rest].filter(({ type }) => type === 'VariableName' || type === 'PropertyName');
    const list = rest.find(({ type }) => type === 'ArgList');
    let called =
      names.length > 0 && first.type === 'VariableName' ? this.#dotted(names, scope) : this.evaluate(first, scope);
    const one = { node, scope, receiver: undefined, method: '' };
    if (list !== undefined) called = call(this, { ...one, called, given: this.#given(list, scope) });
    return call(this, { ...one, called, given: asGiven([value]), decorates: true });
  }

  #dotted(names: readonly PythonNode[], scope: PythonScope): PythonValue {
    const [first, ...rest] = names;
    if (first === undefined) return UNKNOWN_VALUE;
    const base = this.evaluate(first, scope);
    const path = rest.map((name) => identifier(this, name));
    return path.length === 0
      ? base
      : { ...UNKNOWN_VALUE, names: base.names.map((name) => [name, ...path].join('.')), locals: [] };
  }

  #given(list: PythonNode, scope: PythonScope): GivenArguments {
    return asGiven(operands(list).map((part) => this.evaluate(part, scope)));
  }

  asOwner(owner: string, work: () => void): void {
    const [before, top] = [this.owner, this.#top];
    this.owner = owner;
    this.#top = owner;
    work();
    this.owner = before;
    this.#top = top;
  }

  runText(text: string, scope: PythonScope): PythonValue {
    if (this.#texts >= INTERPRETER_BOUNDS.texts) return UNKNOWN_VALUE;
    const tree = readPython(text.trim());
    if ('why' in tree) return UNKNOWN_VALUE;
    this.#texts++;
    const outer = this.#outerLine;
    this.#outerLine ??= this.#line;
    const result = this.#within({ text: tree.text, top: this.#top }, () => {
      const [only] = tree.root.children;
      const [expression] = only?.type === 'ExpressionStatement' ? only.children : [];
      if (tree.root.children.length === 1 && expression !== undefined) return this.evaluate(expression, scope);
      this.run(tree.root, scope);
      return UNKNOWN_VALUE;
    });
    this.#outerLine = outer;
    this.#texts--;
    return result;
  }

  #line = 1;

  note(node: PythonNode, reached: Omit<ReachingCall, 'line' | 'owner'>): void {
    this.#line = this.#outerLine ?? lineOf(this.text, node.from);
    const one: ReachingCall = { ...reached, line: this.#line, owner: this.owner };
    const key = `${one.owner}\n${one.line}\n${one.kind}\n${one.name}`;
    const known = this.#calls.get(key);
    if (known !== undefined && GRADES.indexOf(known.grade) >= GRADES.indexOf(one.grade)) return;
    if (known === undefined && this.#calls.size >= INTERPRETER_BOUNDS.calls) {
      // The gravest stay: notable calls give way.
      const least = [...this.#calls].find(([, { grade }]) => grade === 'notable');
      if (one.grade === 'notable' || least === undefined) {
        if (one.grade !== 'notable') this.#dropped = true;
        return;
      }
      this.#calls.delete(least[0]);
    }
    this.#calls.set(key, one);
  }

  use(name: string): void {
    if (this.#top !== '' && this.#top !== name) this.#useFrom(this.#top, name);
  }

  #useFrom(top: string, name: string): void {
    const used = this.#uses.get(top) ?? new Set();
    this.#uses.set(top, used);
    if (used.size < INTERPRETER_BOUNDS.names) used.add(name);
  }

  imports(module: string): void {
    if (this.#imports.size < INTERPRETER_BOUNDS.names) this.#imports.add(module);
  }
}

const GRADES: readonly ReachingCall['grade'][] = ['notable', 'dangerous', 'payload'];

function instanceOf(made: LocalClass): PythonValue {
  return { ...UNKNOWN_VALUE, instances: [made] };
}

/** The same arguments without what is known of their texts and numbers. */
function widened({ positional, named, spread }: GivenArguments): GivenArguments {
  const wide = (value: PythonValue) => ({ ...anyPart(value), items: undefined });
  return {
    positional: positional.map(wide),
    named: new Map([...named].map(([name, value]) => [name, wide(value)])),
    spread: spread.map(wide),
  };
}

/** What tells one way of calling a function from another. */
function signature({ positional, named, spread }: GivenArguments): string {
  const shown = ({ names, text, number, marks, locals, items }: PythonValue) =>
    `${names.join()}|${text?.slice(0, 200)}|${number}|${marks}|${locals.map(({ name }) => name).join()}|${items?.length}`;
  const all = [
    ...positional.map(shown),
    ...[...named].map(([name, value]) => `${name}=${shown(value)}`),
    ...spread.map(shown),
  ];
  return all.join(';').slice(0, 2_000);
}
