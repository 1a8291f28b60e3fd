import type { FileBudget } from '../../core/index.ts';
import type { ScriptExpression } from '../../formats/torchscript/index.ts';
import type { AtenRunner, AtenValue, OperatorArguments } from '../aten/index.ts';
import type { Network } from '../network/index.ts';
import type { ScriptCode } from './archive.ts';
import type { ScriptFunction, ScriptValue } from './values.ts';

/** Variables of a function that runs. */
export type Scope = Map<string, ScriptValue>;

/** What a program of TorchScript runs in. */
export interface Program {
  readonly runner: AtenRunner;
  readonly code: ScriptCode;
  readonly budget: FileBudget;
  /** The constant `CONSTANTS.c0`. */
  constant(name: string): ScriptValue;
  /** Looks at an operator before it runs: the first one says what the input is. */
  beforeOperator(name: string, args: OperatorArguments): void;
}

/** What runs functions and operators. */
export interface Machine {
  readonly program: Program;
  readonly net: Network;
  call(func: ScriptFunction, positional: readonly ScriptValue[], named: ReadonlyMap<string, ScriptValue>): ScriptValue;
  operator(name: string, args: OperatorArguments): AtenValue;
  /** Counts a step, which may have others within. */
  step<T>(body: () => T): T;
}

/** What gives expressions their values. */
export interface ScriptEvaluator {
  readonly machine: Machine;
  value(expression: ScriptExpression): ScriptValue;
  /** A value that operators take. */
  plain(expression: ScriptExpression): AtenValue;
  attribute(of: ScriptValue, name: string): ScriptValue;
}
