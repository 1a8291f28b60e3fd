/** Bytes that one element takes, by the name of its storage class. */
export const ELEMENT_SIZES: Readonly<Record<string, number>> = {
  DoubleStorage: 8,
  FloatStorage: 4,
  HalfStorage: 2,
  BFloat16Storage: 2,
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
  UntypedStorage: 1,
  _UntypedStorage: 1,
  ComplexDoubleStorage: 16,
  ComplexFloatStorage: 8,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
};

/** Elements of a tensor that share one of the storage. */
export const ELEMENTS_OF_PACKED: Readonly<Record<string, number>> = { QUInt4x2Storage: 2, QUInt2x4Storage: 4 };

/** Modules that storage classes were of. */
const STORAGE_MODULES = new Set(['torch', 'torch.cuda', 'torch.storage']);

/** Bytes that one element takes, by the name of a type of `torch`. */
const DTYPE_SIZES: Readonly<Record<string, number>> = {
  ...sized(1, 'uint8 int8 bool qint8 quint8 quint4x2 quint2x4 bits8 bits1x8 bits2x4 bits4x2 float4_e2m1fn_x2'),
  ...sized(1, 'float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu'),
  ...sized(1, 'uint1 uint2 uint3 uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 int7'),
  ...sized(2, 'float16 half bfloat16 int16 short uint16 bits16'),
  ...sized(4, 'float32 float int32 int uint32 qint32 complex32 chalf'),
  ...sized(8, 'float64 double int64 long uint64 complex64 cfloat'),
  ...sized(16, 'complex128 cdouble'),
};

function sized(bytes: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, bytes]));
}

interface Named {
  readonly module: string;
  readonly name: string;
}

export function storageElementSize(global: Named | undefined): number | undefined {
  if (global === undefined || !STORAGE_MODULES.has(global.module)) return undefined;
  return Object.hasOwn(ELEMENT_SIZES, global.name) ? ELEMENT_SIZES[global.name] : undefined;
}

export function dtypeSize(global: Named | undefined): number | undefined {
  if (global?.module !== 'torch' || !Object.hasOwn(DTYPE_SIZES, global.name)) return undefined;
  return DTYPE_SIZES[global.name];
}

/** Devices that torch and its backends write as the location of a storage. */
const LOCATION =
  /^(?:cpu|meta|mps|(?:cuda|xpu|hpu|hip|npu|mlu|musa|ipu|maia|mtia|xla|vulkan|lazy|privateuseone|fpga|ve|ort)(?::\d{1,4})?|(?:cpu|mps):0)$/;

export function isLocation(text: string | undefined): boolean {
  return text !== undefined && LOCATION.test(text);
}
