import { AssayError } from '../../../core/index.ts';
import type { OnnxAttribute, OnnxAttributeValue, OnnxTensor, OnnxType } from '../model.ts';

/** A number that is a float even where it is whole: `float(1)`. */
export class FloatValue {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export function float(value: number): FloatValue {
  return new FloatValue(value);
}

/**
 * What an attribute may be given as. Plain numbers, and lists of them, are integers; a Float32Array is a list of floats. A list
 * without elements says its type as a typed array does.
 */
export type PlainAttribute =
  | number
  | bigint
  | boolean
  | string
  | FloatValue
  | Float32Array
  | BigInt64Array
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | OnnxTensor
  | OnnxType;

const UTF8 = new TextEncoder();

export function attribute(name: string, value: PlainAttribute): OnnxAttribute {
  return { name, docString: '', ...attributeValue(name, value) };
}

function attributeValue(name: string, value: PlainAttribute): OnnxAttributeValue {
  if (value instanceof FloatValue) return { type: 'float', value: value.value };
  if (value instanceof Float32Array) return { type: 'floats', value };
  if (value instanceof BigInt64Array) return { type: 'ints', value };
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return { type: 'int', value: integer(name, value) };
    case 'boolean':
      return { type: 'int', value: value ? 1n : 0n };
    case 'string':
      return { type: 'string', value: UTF8.encode(value) };
    default:
      if ('data' in value) return { type: 'tensor', value };
      return 'kind' in value ? { type: 'type', value } : listOf(name, value);
  }
}

function listOf(name: string, list: readonly (number | bigint | string)[]): OnnxAttributeValue {
  if (list.length === 0) throw new AssayError('internal', `attribute ${name} is an empty list of no type`);
  if (list.every((one) => typeof one === 'string')) {
    return { type: 'strings', value: list.map((one) => UTF8.encode(one)) };
  }
  const ints = new BigInt64Array(list.length);
  for (const [index, one] of list.entries()) {
    if (typeof one === 'string') throw new AssayError('internal', `attribute ${name} mixes texts and numbers`);
    ints[index] = integer(name, one);
  }
  return { type: 'ints', value: ints };
}

function integer(name: string, value: number | bigint): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new AssayError('internal', `attribute ${name} is ${value}, which is not an integer; float() makes a float`);
  }
  const whole = BigInt(value);
  if (whole !== BigInt.asIntN(64, whole)) throw new AssayError('internal', `attribute ${name} has more than 64 bits`);
  return whole;
}
