import type { ClassDefinition, FunctionDefinition } from '../../formats/torchscript/index.ts';
import { type AtenValue, valueTitle } from '../aten/index.ts';

/** An object of the model: a module, as a rule. */
export interface ScriptModule {
  readonly kind: 'object';
  /** Its class, as it is documented. */
  readonly title: string;
  /** An attribute of the object, or a method of its class; `undefined` for neither. */
  attribute(name: string): ScriptValue | undefined;
}

/** A function of the code, with the object that it is a method of. */
export interface ScriptFunction {
  readonly kind: 'function';
  /** The file, for messages. */
  readonly path: string;
  readonly definition: FunctionDefinition;
  readonly self: ScriptModule | undefined;
}

/** A class of the code. */
export interface ScriptClass {
  readonly kind: 'class';
  readonly path: string;
  readonly definition: ClassDefinition;
}

/** A name that is not a value yet: `torch`, `ops.aten`, `__torch__.models`. */
export interface Namespace {
  readonly kind: 'namespace';
  readonly path: string;
}

/** A value of a program of TorchScript. */
export type ScriptValue = AtenValue | ScriptModule | ScriptFunction | ScriptClass | Namespace;

export function isAten(value: ScriptValue): value is AtenValue {
  return (
    typeof value !== 'object' ||
    value === null ||
    (value.kind !== 'object' && value.kind !== 'function' && value.kind !== 'class' && value.kind !== 'namespace')
  );
}

export function scriptTitle(value: ScriptValue): string {
  if (isAten(value)) return valueTitle(value);
  switch (value.kind) {
    case 'object':
      return `a module (${value.title})`;
    case 'namespace':
      return value.path.slice(0, 80);
    default:
      return `a ${value.kind} (${value.definition.name.slice(0, 80)})`;
  }
}
