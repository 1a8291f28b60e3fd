import { globalName, type Inert, isKind } from '../../formats/pickle/inert/index.ts';
import { type Dtype, dtypeNamed } from '../tensors/index.ts';

/** Classes of typed storages (torch/storage.py, `_dtype_to_storage_type_map`); those of CUDA have the same names. */
const STORAGES: Readonly<Record<string, Dtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
};

/** What the class of a storage says of its elements. */
export type StorageKind =
  | { readonly kind: 'typed'; readonly dtype: Dtype }
  | { readonly kind: 'bytes' }
  /** Elements that safetensors does not have, or a class that is not a storage. */
  | { readonly kind: 'other'; readonly name: string };

export function storageKind(cls: Inert | undefined): StorageKind {
  const name = globalName(cls) ?? 'a computed class';
  if (!isKind(cls, 'global')) return { kind: 'other', name };
  if (cls.module === 'torch.storage' && cls.name === 'UntypedStorage') return { kind: 'bytes' };
  const dtype = Object.hasOwn(STORAGES, cls.name) ? STORAGES[cls.name] : undefined;
  if ((cls.module !== 'torch' && cls.module !== 'torch.cuda') || dtype === undefined) return { kind: 'other', name };
  return { kind: 'typed', dtype };
}

/** The element type of `torch.float8_e4m3fn` and the like; `undefined` for others. */
export function torchDtype(value: Inert | undefined): Dtype | undefined {
  return isKind(value, 'global') && value.module === 'torch' ? dtypeNamed(value.name) : undefined;
}
