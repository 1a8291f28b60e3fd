import type { ScriptArgument, ScriptExpression } from '../../formats/torchscript/index.ts';
import { AtenTensor, type AtenValue, isOfKind, UNSET } from '../aten/index.ts';
import type { ScriptEvaluator } from './machine.ts';
import { isAten, type ScriptValue, scriptTitle } from './values.ts';

/** Conversions of Python, by what PyTorch calls them. */
const CONVERSIONS: ReadonlyMap<string, string> = new Map([
  ['int', 'Int'],
  ['float', 'Float'],
  ['bool', 'Bool'],
  ['str', 'str'],
]);

type Builtin = (evaluator: ScriptEvaluator, args: readonly ScriptExpression[]) => ScriptValue;

/** Types that a value can be asked for. */
const CHECKS = new Map<string, (value: AtenValue) => boolean>([
  ['Tensor', (value: AtenValue) => value instanceof AtenTensor],
  ['int', (value: AtenValue) => isOfKind(value, 'int') || isOfKind(value, 'symbol')],
  ['float', (value: AtenValue) => isOfKind(value, 'float')],
  ['bool', (value: AtenValue) => typeof value === 'boolean'],
  ['str', (value: AtenValue) => typeof value === 'string' || isOfKind(value, 'message')],
  ['NoneType', (value: AtenValue) => value === null],
]);

/** Functions that have no namespace (torch/csrc/jit/serialization/python_print.cpp writes them). */
const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['getattr', attributeByName],
  ['annotate', second],
  ['unchecked_cast', second],
  ['uninitialized', () => UNSET],
  ['isinstance', isInstance],
  ['range', refused('range')],
  ['fork', refused('fork')],
  ['wait', refused('wait')],
  ['print', refused('print')],
  ...[...CONVERSIONS].map(([name, operator]): [string, Builtin] => [name, converted(operator)]),
]);

export function isBuiltin(name: string): boolean {
  return BUILTINS.has(name);
}

export function callNamed(evaluator: ScriptEvaluator, name: string, args: readonly ScriptArgument[]): ScriptValue {
  const builtin = BUILTINS.get(name);
  if (builtin === undefined || args.some((one) => one.name !== undefined))
    throw evaluator.machine.net.broken(`${name} is called with names`);
  return builtin(
    evaluator,
    args.map(({ value }) => value),
  );
}

function attributeByName(evaluator: ScriptEvaluator, [of, name]: readonly ScriptExpression[]): ScriptValue {
  if (of === undefined || name?.kind !== 'text') throw evaluator.machine.net.broken('getattr takes a value and a text');
  return evaluator.attribute(evaluator.value(of), name.value);
}

/** The first argument is a type, which says nothing new. */
function second(evaluator: ScriptEvaluator, [, value]: readonly ScriptExpression[]): ScriptValue {
  if (value === undefined) throw evaluator.machine.net.broken('a value is missing beside its type');
  return evaluator.value(value);
}

function isInstance(evaluator: ScriptEvaluator, [value, type]: readonly ScriptExpression[]): ScriptValue {
  const { net } = evaluator.machine;
  if (value === undefined || type === undefined) throw net.broken('isinstance takes a value and a type');
  const of = evaluator.value(value);
  const check = type.kind === 'name' ? CHECKS.get(type.name) : undefined;
  if (check === undefined || !isAten(of) || of === UNSET)
    throw net.refuse(`it asks for the type of ${scriptTitle(of)}`);
  return check(of);
}

function converted(operator: string): Builtin {
  return (evaluator, args) =>
    evaluator.machine.operator(operator, {
      positional: args.map((one) => evaluator.plain(one)),
      named: new Map(),
    });
}

function refused(name: string): Builtin {
  return (evaluator) => {
    throw evaluator.machine.net.refuse(`${name} is not converted`);
  };
}
