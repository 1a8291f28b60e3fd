import type { DataType } from '../../../formats/onnx/index.ts';

/** Element types of weights, and bytes of an element. */
export const REAL_BYTES: Partial<Record<DataType, number>> = { float16: 2, bfloat16: 2, float32: 4, float64: 8 };
/** Those of whole numbers. */
export const WHOLE_BYTES: Partial<Record<DataType, number>> = { bool: 1, uint8: 1, int8: 1, int32: 4, int64: 8 };

/** Little-endian elements as numbers. */
export function decoded(bytes: Uint8Array, type: DataType): Float64Array {
  const width = REAL_BYTES[type] ?? WHOLE_BYTES[type] ?? 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(Math.floor(bytes.byteLength / width));
  const read = readers[type];
  if (read === undefined) throw new RangeError(`no numbers are of the type ${type}`);
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * width);
  return values;
}

const readers: Partial<Record<DataType, (view: DataView, at: number) => number>> = {
  float16: (view, at) => fromHalf(view.getUint16(at, true)),
  bfloat16: (view, at) => fromBrain(view.getUint16(at, true)),
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  bool: (view, at) => view.getUint8(at),
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  int32: (view, at) => view.getInt32(at, true),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
};

const SCRATCH = new DataView(new ArrayBuffer(4));

function fromBrain(bits: number): number {
  SCRATCH.setUint32(0, bits << 16);
  return SCRATCH.getFloat32(0);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The number that a type holds for another one: rounded to the nearest, and to an even fraction between two. */
export function rounded(value: number, type: DataType): number {
  if (type === 'float64' || !Number.isFinite(value) || value === 0) return value;
  if (type === 'float32') return Math.fround(value);
  const single = Math.fround(value);
  const [bits, least, most] = type === 'float16' ? [11, -14, 65_504] : [8, -126, 3.3895313892515355e38];
  const exponent = Math.max(least, Math.floor(Math.log2(Math.abs(single))));
  const step = 2 ** (exponent - bits + 1);
  const steps = single / step;
  const whole = Math.round(steps);
  const even = Math.abs(steps % 1) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
  const result = even * step;
  return Math.abs(result) > most ? Math.sign(result) * Number.POSITIVE_INFINITY : result;
}
