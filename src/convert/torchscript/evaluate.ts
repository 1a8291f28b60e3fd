import type { ScriptArgument, ScriptExpression } from '../../formats/torchscript/index.ts';
import { AtenTensor, type AtenValue, atenList, formatted, int, isOfKind, real } from '../aten/index.ts';
import { callNamed, isBuiltin } from './builtins.ts';
import type { Machine, Scope, ScriptEvaluator } from './machine.ts';
import { isAten, type ScriptValue, scriptTitle } from './values.ts';

/** Names that are not variables. */
const ROOTS: ReadonlySet<string> = new Set(['torch', 'ops', '__torch__', 'CONSTANTS']);
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
]);
/** Operators between values, by what PyTorch calls them. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['+', 'add'],
  ['-', 'sub'],
  ['*', 'mul'],
  ['/', 'div'],
  ['//', 'floordiv'],
  ['%', 'remainder'],
  ['**', 'pow'],
  ['@', 'matmul'],
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'le'],
  ['>', 'gt'],
  ['>=', 'ge'],
  ['&', '__and__'],
  ['|', '__or__'],
  ['^', '__xor__'],
]);
const NO_NAMES: ReadonlyMap<string, AtenValue> = new Map();
/** Rounds of one loop. */
const MAX_ROUNDS = 100_000;

/** Values of expressions in one function that runs. */
export class ScriptEvaluation implements ScriptEvaluator {
  readonly machine: Machine;
  readonly #scope: Scope;

  constructor(machine: Machine, scope: Scope) {
    this.machine = machine;
    this.#scope = scope;
  }

  value(expression: ScriptExpression): ScriptValue {
    return this.machine.step(() => this.#value(expression));
  }

  /** A value that operators take. */
  plain(expression: ScriptExpression): AtenValue {
    const value = this.value(expression);
    if (isAten(value)) return value;
    throw this.#refuse(`${scriptTitle(value)} is used as a value`);
  }

  /** @throws AssayError `unsupported` for a condition that depends on data */
  condition(expression: ScriptExpression): boolean {
    const value = this.plain(expression);
    if (typeof value === 'boolean') return value;
    if (value instanceof AtenTensor || isOfKind(value, 'symbol'))
      throw this.#refuse(
        'a condition depends on the data of the input',
        'give its shape without the batch (--input-shape 3,224,224) where it is one of sizes',
      );
    throw this.machine.net.broken(`${scriptTitle(value)} is a condition`);
  }

  /** What a loop goes over. */
  sequence(expression: ScriptExpression): readonly ScriptValue[] {
    if (expression.kind === 'call' && expression.callee.kind === 'name' && expression.callee.name === 'range')
      return this.#range(expression.args);
    const value = this.plain(expression);
    if (isOfKind(value, 'list') || isOfKind(value, 'tuple')) return [...value.items];
    if (isOfKind(value, 'int')) return this.#range([{ name: undefined, value: expression }]);
    throw this.#refuse(`a loop goes over ${scriptTitle(value)}`);
  }

  #range(args: readonly ScriptArgument[]): AtenValue[] {
    const numbers = args.map(({ value }) => {
      const number = this.plain(value);
      if (isOfKind(number, 'int')) return number.value;
      throw this.#refuse(
        'the rounds of a loop depend on the data of the input',
        'give its shape: --input-shape 3,224,224',
      );
    });
    const [first = 0, second, third] = numbers;
    const [start, end, step] = second === undefined ? [0, first, 1] : [first, second, third ?? 1];
    const rounds = Math.max(0, Math.ceil((end - start) / step));
    if (step === 0 || !(rounds <= MAX_ROUNDS)) throw this.#refuse(`a loop has more than ${MAX_ROUNDS} rounds`);
    return Array.from({ length: rounds }, (_, index) => int(start + index * step));
  }

  #value(expression: ScriptExpression): ScriptValue {
    switch (expression.kind) {
      case 'name':
        return this.#name(expression.name);
      case 'text':
        return expression.value;
      case 'int':
        return int(expression.value);
      case 'float':
        return real(expression.value);
      case 'constant':
        return expression.value;
      case 'list':
        return atenList(expression.items.map((item) => this.plain(item)));
      case 'tuple':
        return { kind: 'tuple', items: expression.items.map((item) => this.plain(item)) };
      case 'dict': {
        const entries = expression.entries.map(([key, value]) => [this.plain(key), this.plain(value)] as const);
        const dict: AtenValue = { kind: 'dict', entries: new Map() };
        for (const [key, value] of entries) this.#operator('_set_item', [dict, key, value]);
        return dict;
      }
      case 'attribute':
        return this.attribute(this.value(expression.of), expression.name);
      case 'call':
        return this.#call(expression.callee, expression.args);
      case 'item':
        return this.#item(expression.of, expression.index);
      case 'slice': {
        const bounds = [expression.from, expression.to, expression.step ?? undefined];
        const [from, to, step] = bounds.map((bound) => (bound === undefined ? null : this.plain(bound)));
        const of = this.plain(expression.of);
        if (isOfKind(of, 'tuple')) {
          const part = this.#operator('slice', [atenList(of.items), from ?? null, to ?? null, step ?? int(1)]);
          return isOfKind(part, 'list') ? { kind: 'tuple', items: part.items } : part;
        }
        return this.#operator('slice', [of, from ?? null, to ?? null, step ?? int(1)]);
      }
      case 'unary':
        if (expression.operator === 'not') return !this.condition(expression.of);
        if (expression.operator !== '-') throw this.#refuse(`the operator ${expression.operator} is not converted`);
        return this.#operator('neg', [this.plain(expression.of)]);
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
      case 'choice':
        return this.value(this.condition(expression.condition) ? expression.yes : expression.no);
    }
  }

  #name(name: string): ScriptValue {
    const value = this.#scope.get(name);
    if (value !== undefined) return value;
    const number = NUMBERS.get(name);
    if (number !== undefined) return real(number);
    if (ROOTS.has(name)) return { kind: 'namespace', path: name };
    throw this.machine.net.broken(`nothing is named ${name.slice(0, 80)}`);
  }

  attribute(of: ScriptValue, name: string): ScriptValue {
    if (isAten(of)) {
      const at = isOfKind(of, 'tuple') ? (of.names?.indexOf(name) ?? -1) : -1;
      const item = isOfKind(of, 'tuple') && at >= 0 ? of.items[at] : undefined;
      if (item !== undefined) return item;
      throw this.#refuse(`it takes the attribute ${name} of ${scriptTitle(of)}`);
    }
    switch (of.kind) {
      case 'object': {
        const value = of.attribute(name);
        if (value !== undefined) return value;
        throw this.machine.net.broken(`${of.title} has no ${name.slice(0, 80)}`);
      }
      case 'namespace':
        return this.#within(of.path, name);
      default:
        throw this.#refuse(`it takes the attribute ${name} of ${scriptTitle(of)}`);
    }
  }

  /** What a path stands for: a constant, a class or a function of the code, or a longer path. */
  #within(path: string, name: string): ScriptValue {
    if (path === 'CONSTANTS') return this.machine.program.constant(name);
    const longer = `${path}.${name}`;
    if (path === '__torch__' || path.startsWith('__torch__.')) {
      const found = this.machine.program.code.definition(longer);
      const definition = found?.file.functions.get(name);
      if (found !== undefined && definition !== undefined)
        return { kind: 'function', path: found.path, definition, self: undefined };
      const cls = found?.file.classes.get(name);
      if (found !== undefined && cls !== undefined) return { kind: 'class', path: found.path, definition: cls };
    }
    return { kind: 'namespace', path: longer };
  }

  #call(callee: ScriptExpression, args: readonly ScriptArgument[]): ScriptValue {
    if (callee.kind === 'name' && !this.#scope.has(callee.name) && isBuiltin(callee.name))
      return callNamed(this, callee.name, args);
    const called = this.value(callee);
    if (isAten(called)) throw this.machine.net.broken(`${scriptTitle(called)} is called`);
    const named = args.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value] as const]));
    const positional = args.filter(({ name }) => name === undefined).map(({ value }) => value);
    if (new Set(named.map(([name]) => name)).size !== named.length)
      throw this.machine.net.broken('an argument is given twice');
    switch (called.kind) {
      case 'function':
        return this.machine.call(
          called,
          positional.map((one) => this.value(one)),
          new Map(named.map(([name, value]) => [name, this.value(value)])),
        );
      case 'class':
        return this.#made(called.definition.base, [...called.definition.attributes.keys()], positional, named);
      case 'namespace':
        return this.#operatorAt(called.path, positional, named);
      case 'object':
        throw this.#refuse(`it calls ${scriptTitle(called)} itself`);
    }
  }

  /** An instance of a class: of those that are made while a model runs, only tuples with names are converted. */
  #made(
    base: string,
    names: readonly string[],
    positional: readonly ScriptExpression[],
    named: readonly (readonly [string, ScriptExpression])[],
  ): ScriptValue {
    if (base !== 'NamedTuple') throw this.#refuse('it makes an object while the model runs');
    const given = new Map(named);
    const items = names.map((name, index) => {
      const value = positional[index] ?? given.get(name);
      if (value === undefined) throw this.machine.net.broken(`a tuple has no ${name.slice(0, 80)}`);
      return this.plain(value);
    });
    return { kind: 'tuple', items, names };
  }

  /** `torch.add`, `ops.aten.add`, `ops.prim.NumToTensor`: all others are of other libraries. */
  #operatorAt(
    path: string,
    positional: readonly ScriptExpression[],
    named: readonly (readonly [string, ScriptExpression])[],
  ): ScriptValue {
    const [, name] = /^(?:torch|ops\.aten|ops\.prim)\.(\w+)$/.exec(path) ?? [];
    if (name === undefined) {
      const shown = path.replace(/^ops\./, '').replace('.', '::');
      if (path.startsWith('__torch__')) throw this.machine.net.broken(`${path.slice(0, 120)} is not in the archive`);
      throw this.#refuse(`the operator ${shown.slice(0, 120)} is not converted: it is not one of PyTorch itself`);
    }
    if (name === 'RaiseException') return this.#raised(positional);
    if (name === '__is__' || name === '__isnot__') {
      const [a, b] = positional.map((one) => this.value(one));
      // A module is not None.
      if (a !== undefined && b !== undefined && (!isAten(a) || !isAten(b))) {
        if (a === null || b === null) return name === '__isnot__';
        return (a === b) === (name === '__is__');
      }
    }
    if (name === 'format' || name === 'percentFormat') {
      const [pattern, ...values] = positional.map((one) => this.plain(one));
      if (typeof pattern !== 'string') return { kind: 'message' };
      return formatted(pattern, name === 'format' ? /\{\}/g : /%[ds]/g, values);
    }
    if (name === 'warn') return null;
    return this.#operator(
      name,
      positional.map((one) => this.plain(one)),
      new Map(named.map(([key, value]) => [key, this.plain(value)])),
    );
  }

  #raised(positional: readonly ScriptExpression[]): never {
    const [message] = positional.map((one) => this.plain(one));
    const said = typeof message === 'string' ? `: ${message.slice(0, 200)}` : '';
    throw this.#refuse(
      `it raises an error for this input${said}`,
      'give the shape of the input without the batch: --input-shape 3,224,224',
    );
  }

  #item(of: ScriptExpression, index: ScriptExpression): ScriptValue {
    const [value, at] = [this.plain(of), this.plain(index)];
    if (value instanceof AtenTensor) return this.#operator('select', [value, int(0), at]);
    if ((isOfKind(value, 'tuple') || isOfKind(value, 'list')) && isOfKind(at, 'int')) {
      const item = value.items.at(at.value);
      if (item !== undefined && Math.abs(at.value) <= value.items.length) return item;
      throw this.machine.net.broken(`it takes the item ${at.value} of ${value.items.length}`);
    }
    return this.#operator('__getitem__', [value, at]);
  }

  #binary(operator: string, left: ScriptExpression, right: ScriptExpression): ScriptValue {
    switch (operator) {
      case 'and':
        return this.condition(left) && this.condition(right);
      case 'or':
        return this.condition(left) || this.condition(right);
      case 'is':
        return this.#operator('__is__', [this.plain(left), this.plain(right)]);
      case 'is not':
        return this.#operator('__isnot__', [this.plain(left), this.plain(right)]);
      case 'in':
        return this.#operator('__contains__', [this.plain(right), this.plain(left)]);
      case 'not in':
        return this.#operator('__not__', [this.#operator('__contains__', [this.plain(right), this.plain(left)])]);
    }
    const name = OPERATORS.get(operator);
    if (name === undefined) throw this.#refuse(`the operator ${operator} is not converted`);
    return this.#operator(name, [this.plain(left), this.plain(right)]);
  }

  #operator(
    name: string,
    positional: readonly AtenValue[],
    named: ReadonlyMap<string, AtenValue> = NO_NAMES,
  ): AtenValue {
    return this.machine.operator(name, { positional, named });
  }

  #refuse(why: string, hint?: string) {
    return this.machine.net.refuse(why, hint);
  }
}
