import type { GraphSize } from '../../network/index.ts';
import type { AtenCall, AtenExtent, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, type AtenType, integers, madeDatum, numberDatum } from '../datum.ts';
import { isOfKind } from '../values.ts';
import { expandedTo } from './combine.ts';
import { sizeDatum } from './reshape.ts';

/** Elements of a tensor of integers that are looked at. */
const MAX_KNOWN = 4_096;

function full(call: AtenCall, sizes: readonly AtenExtent[], value: number | boolean, type: AtenType): AtenDatum {
  const { net } = call;
  if (sizes.some((size) => typeof size === 'number' && size < 0)) throw call.broken('makes a negative size');
  const numbers = sizes.filter((size) => typeof size === 'number');
  const count = numbers.length === sizes.length ? numbers.reduce((product, size) => product * size, 1) : undefined;
  if (count === 0) throw call.refuse('a tensor without elements');
  const make = () => expandedTo(net, numberDatum(net, value, type).tensor, sizes);
  if (type === 'int64' && sizes.length <= 1 && count !== undefined && count <= 64)
    return integers(net, numbers, Array<GraphSize>(count).fill(Number(value)), make);
  return madeDatum(make());
}

const created =
  (value: number): AtenLowering =>
  (call) =>
    full(call, call.extents('size'), value, call.dtype() ?? 'float32');

/** A number of the type that its value says. */
function typeOfValue(call: AtenCall, name: string): { readonly value: number | boolean; readonly type: AtenType } {
  const value = call.value(name);
  if (typeof value === 'boolean') return { value, type: call.dtype() ?? 'bool' };
  return { value: call.number(name), type: call.dtype() ?? (isOfKind(value, 'int') ? 'int64' : 'float32') };
}

const fullOf: AtenLowering = (call) => {
  const { value, type } = typeOfValue(call, 'fill_value');
  return full(call, call.extents('size'), value, type);
};

function shapeOf(call: AtenCall, x: AtenDatum): AtenExtent[] {
  return x.shape.map((size, axis) => (typeof size === 'number' ? size : sizeDatum(call, x, axis)));
}

const like =
  (value: number): AtenLowering =>
  (call) => {
    const x = call.datum('self');
    return full(call, shapeOf(call, x), value, call.dtype() ?? x.type);
  };

const newOf =
  (value: number): AtenLowering =>
  (call) =>
    full(call, call.extents('size'), value, call.dtype() ?? call.datum('self').type);

/** One number as a tensor. */
const numberTensor =
  (name: string): AtenLowering =>
  (call) => {
    const given = call.value(name);
    if (isOfKind(given, 'symbol')) return given.datum;
    if (isOfKind(given, 'list')) return listTensor(call, name);
    const { value, type } = typeOfValue(call, name);
    return numberDatum(call.net, value, type);
  };

function listTensor(call: AtenCall, name: string): AtenDatum {
  const { net } = call;
  const items = call.items(name).map((item) => {
    if (isOfKind(item, 'int') || isOfKind(item, 'float')) return item;
    throw call.refuse('it makes a tensor of something else than numbers');
  });
  const values = items.map(({ value }) => value);
  const whole = items.every(({ kind }) => kind === 'int') && values.every(Number.isSafeInteger);
  const type = call.dtype() ?? (whole ? 'int64' : 'float32');
  if (type === 'bool') throw call.refuse('it makes Booleans of numbers');
  if (values.length === 0) throw call.refuse('a tensor without elements');
  if (type === 'int64' && whole) return integers(net, [values.length], values, () => net.ints(values));
  return madeDatum(net.reals(values));
}

/** `start`, `start + step`, ... before `end`. */
const arange: AtenLowering = (call) => {
  const { net } = call;
  const [start, end, step] = ['start', 'end', 'step'].map((name) => call.numeric(call.value(name), name));
  if (start === undefined || end === undefined || step === undefined) throw call.broken('has no bounds');
  const parts = [start, end, step];
  const whole = parts.every(({ type }) => type === 'int64');
  const type = call.dtype() ?? (whole ? 'int64' : 'float32');
  if (type === 'bool' || !whole) throw call.refuse('it counts in parts of whole numbers');
  const [first, last, by] = parts.map(({ known }) => known?.[0]);
  const range = (shape: readonly GraphSize[]) =>
    net.cast(
      net.op(
        'Range',
        parts.map(({ tensor }) => tensor),
        { type: 'int64', shape },
      ),
      type,
    );
  if (typeof first !== 'number' || typeof last !== 'number' || typeof by !== 'number')
    return madeDatum(range([first === 0 && by === 1 ? last : undefined]));
  if (by === 0) throw call.broken('has the step 0');
  const count = Math.max(0, Math.ceil((last - first) / by));
  if (count === 0) throw call.refuse('a tensor without elements');
  if (type === 'float32' || count > MAX_KNOWN) return madeDatum(range([count]));
  const values = Array.from({ length: count }, (_, index) => first + index * by);
  return integers(net, [count], values, () => net.ints(values));
};

const identityMatrix: AtenLowering = (call) => {
  const { net } = call;
  const [rows, columns] = [call.int('n'), call.value('m') === null ? call.int('n') : call.int('m')];
  if (rows < 1 || columns < 1 || rows * columns > 2 ** 22) throw call.refuse(`it makes ${rows} rows of ${columns}`);
  const values = Float32Array.from({ length: rows * columns }, (_, at) =>
    at % columns === Math.floor(at / columns) ? 1 : 0,
  );
  return madeDatum(net.cast(net.reals(values, [rows, columns]), call.dtype() ?? 'float32'));
};

const OPTIONS = '*, int? dtype=None, any layout=None, any device=None, any pin_memory=None';
const LIKE = `${OPTIONS}, any memory_format=None`;

export const CREATION: AtenFamily = {
  [`zeros(int[] size, ${OPTIONS})`]: created(0),
  [`ones(int[] size, ${OPTIONS})`]: created(1),
  [`full(int[] size, Scalar fill_value, ${OPTIONS})`]: fullOf,
  [`zeros_like(Tensor self, ${LIKE})`]: like(0),
  [`ones_like(Tensor self, ${LIKE})`]: like(1),
  [`full_like(Tensor self, Scalar fill_value, ${LIKE})`]: (call) => {
    const x = call.datum('self');
    return full(call, shapeOf(call, x), call.number('fill_value'), call.dtype() ?? x.type);
  },
  [`new_zeros(Tensor self, int[] size, ${OPTIONS})`]: newOf(0),
  [`new_ones(Tensor self, int[] size, ${OPTIONS})`]: newOf(1),
  [`new_full(Tensor self, int[] size, Scalar fill_value, ${OPTIONS})`]: (call) =>
    full(call, call.extents('size'), call.number('fill_value'), call.dtype() ?? call.datum('self').type),
  [`scalar_tensor(Scalar s, ${OPTIONS})`]: (call) => {
    const { value } = typeOfValue(call, 's');
    return numberDatum(call.net, value, call.dtype() ?? 'float32');
  },
  'tensor(any data, *, int? dtype=None, any device=None, bool requires_grad=False)': numberTensor('data'),
  'as_tensor(any data, *, int? dtype=None, any device=None)': numberTensor('data'),
  'NumToTensor(Scalar a)': (call) => call.numeric(call.value('a'), 'a'),
  [`arange.start_step(any start, any end, any step=1, ${OPTIONS})`]: arange,
  [`arange.start(any start, any end, ${OPTIONS})`]: (call) => arange(call.with({ step: { kind: 'int', value: 1 } })),
  [`arange(any end, ${OPTIONS})`]: (call) =>
    arange(call.with({ start: { kind: 'int', value: 0 }, step: { kind: 'int', value: 1 } })),
  [`eye(int n, ${OPTIONS})`]: (call) => identityMatrix(call.with({ m: null })),
  [`eye.m(int n, int m, ${OPTIONS})`]: identityMatrix,
};
