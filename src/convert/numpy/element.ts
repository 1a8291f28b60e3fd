import { isMlDtype, type NumpyElement } from '../../formats/pickle/inert/index.ts';
import { type Dtype, dtypeNamed } from '../tensors/index.ts';

/** An element type as safetensors has it, or what it is instead. */
export type ArrayType =
  | { readonly kind: 'dtype'; readonly dtype: Dtype; readonly bigEndian: boolean }
  | { readonly kind: 'other'; readonly title: string };

const PLAIN: Readonly<Record<string, Dtype>> = {
  b1: 'BOOL',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  c8: 'C64',
};
const TITLES: Readonly<Record<string, string>> = {
  f16: 'an array of float128',
  c16: 'an array of complex128',
  c32: 'an array of complex256',
  S: 'an array of byte strings',
  U: 'an array of text',
  V: 'an array of raw bytes (type V)',
  M: 'an array of dates',
  m: 'an array of durations',
  O: 'an array of objects',
};

/** What an element of NumPy is for safetensors. */
export function arrayType(element: NumpyElement | undefined): ArrayType {
  if (element === undefined) return { kind: 'other', title: 'an array of structured or unknown elements' };
  const { kind, size, bigEndian } = element;
  const name = `${kind}${size}`;
  const dtype = isMlDtype(kind) ? dtypeNamed(kind) : Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
  if (dtype !== undefined) return { kind: 'dtype', dtype, bigEndian };
  return { kind: 'other', title: TITLES[name] ?? TITLES[kind] ?? `an array of ${name}` };
}
