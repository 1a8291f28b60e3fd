import type { TfAttribute, TfShape } from '../model.ts';
import type { TfType } from '../types.ts';

const UTF8 = new TextEncoder();

/** Attributes of operations, by what they hold. */
export const attr = {
  type: (value: TfType): TfAttribute => ({ kind: 'type', value }),
  bool: (value: boolean): TfAttribute => ({ kind: 'bool', value }),
  int: (value: number): TfAttribute => ({ kind: 'int', value: BigInt(value) }),
  float: (value: number): TfAttribute => ({ kind: 'float', value }),
  text: (value: string): TfAttribute => ({ kind: 'string', value: UTF8.encode(value) }),
  ints: (value: readonly number[]): TfAttribute => ({ kind: 'ints', value: value.map(BigInt) }),
  shape: (value: TfShape): TfAttribute => ({ kind: 'shape', value }),
} as const;
