import { AssayError } from '../../core/index.ts';
import { type AtenValue, isOfKind } from './values.ts';

/** What an operator takes, as PyTorch declares it (aten/src/ATen/native/native_functions.yaml). */
export interface OperatorSchema {
  readonly name: string;
  readonly overload: string;
  readonly parameters: readonly SchemaParameter[];
}

interface SchemaParameter {
  readonly name: string;
  readonly type: string;
  /** The text of its default; `undefined` where there is none. */
  readonly fallback: string | undefined;
  readonly keyword: boolean;
}

export interface OperatorArguments {
  readonly positional: readonly AtenValue[];
  readonly named: ReadonlyMap<string, AtenValue>;
}

const SCHEMA = /^(\w+)(?:\.(\w+))?\((.*)\)$/;

/** `add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1)` */
export function operatorSchema(text: string): OperatorSchema {
  const [, name = '', overload = '', list = ''] = SCHEMA.exec(text) ?? [];
  if (name === '') throw new AssayError('internal', `${text} is not a schema`);
  const parameters: SchemaParameter[] = [];
  let keyword = false;
  for (const part of list.split(/,\s*(?![^[]*\])/)) {
    if (part === '*') keyword = true;
    else if (part !== '') {
      const [type = '', rest = ''] = part.split(' ');
      const [parameter = '', fallback] = rest.split('=');
      parameters.push({ name: parameter, type, fallback, keyword });
    }
  }
  return { name, overload, parameters };
}

/**
 * The arguments of a call by the names of the parameters; `undefined` where they do not fit.
 * @param tensorOfNumber makes a tensor of a number, where numbers are taken for tensors
 */
export function boundArguments(
  { parameters }: OperatorSchema,
  { positional, named }: OperatorArguments,
  tensorOfNumber?: (value: AtenValue) => AtenValue,
): ReadonlyMap<string, AtenValue> | undefined {
  const bound = new Map<string, AtenValue>();
  let used = 0;
  for (const [index, { name, type, fallback, keyword }] of parameters.entries()) {
    const given = !keyword && index < positional.length ? positional[index] : named.get(name);
    if (!keyword && index < positional.length) used++;
    else if (given !== undefined) used++;
    if (given !== undefined) {
      const isNumber = tensorOfNumber !== undefined && type === 'Tensor' && fits(given, 'Scalar');
      const value = isNumber ? tensorOfNumber(given) : given;
      if (!fits(value, type)) return undefined;
      bound.set(name, value);
    } else if (fallback === undefined) return undefined;
    else bound.set(name, fallbackOf(fallback, type));
  }
  return used === positional.length + named.size ? bound : undefined;
}

function fits(value: AtenValue, type: string): boolean {
  if (type.endsWith('?')) return value === null || fits(value, type.slice(0, -1));
  const list = /^(.*?)\[(\d*)\]$/.exec(type);
  if (list !== null) {
    const [, item = '', count] = list;
    if (isOfKind(value, 'list') || isOfKind(value, 'tuple')) return value.items.every((one) => fits(one, item));
    return count !== '' && fits(value, item);
  }
  switch (type) {
    case 'Tensor':
    case 'list':
    case 'dict':
    case 'device':
      return isOfKind(value, type === 'Tensor' ? 'tensor' : type);
    case 'int':
      return isOfKind(value, 'int') || isOfKind(value, 'symbol');
    case 'float':
      return isOfKind(value, 'float') || isOfKind(value, 'int');
    case 'Scalar':
      return typeof value === 'boolean' || ['int', 'float', 'symbol'].some((kind) => kind === kindOf(value));
    case 'bool':
      return typeof value === 'boolean';
    case 'str':
      return typeof value === 'string';
    case 'any':
      return !isOfKind(value, 'unset');
    default:
      throw new AssayError('internal', `a schema has the type ${type}`);
  }
}

function kindOf(value: AtenValue): string {
  return typeof value === 'object' && value !== null ? value.kind : '';
}

function fallbackOf(text: string, type: string): AtenValue {
  if (text === 'None') return null;
  if (text === 'True' || text === 'False') return text === 'True';
  if (text.startsWith('"')) return text.slice(1, -1);
  if (text.startsWith('[')) {
    const inner = text.slice(1, -1);
    const items = inner === '' ? [] : inner.split(',').map((one) => fallbackOf(one.trim(), ''));
    return { kind: 'list', items };
  }
  const value = Number(text);
  return type.startsWith('float') || !Number.isInteger(value) ? { kind: 'float', value } : { kind: 'int', value };
}
