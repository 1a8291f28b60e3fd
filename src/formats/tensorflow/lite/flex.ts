/** Types of FlexBuffers (flexbuffers.h): a vector of values of any type, a text, and bytes. */
const VECTOR = 10;
const STRING = 5;
const BLOB = 25;

/**
 * The name and the NodeDef of an operator of TensorFlow, as the options of a Flex operator hold them: a FlexBuffer with a vector of two
 * texts. @returns undefined for options of another form
 */
export function flexNode(options: Uint8Array): { readonly name: Uint8Array; readonly node: Uint8Array } | undefined {
  const view = new DataView(options.buffer, options.byteOffset, options.length);
  const width = options.at(-1);
  const type = options.at(-2);
  if (type === undefined || (width !== 1 && width !== 2 && width !== 4 && width !== 8) || type >> 2 !== VECTOR)
    return undefined;
  const root = options.length - 2 - width;
  const vector = back(view, root, width);
  const element = 1 << (type & 3);
  if (vector === undefined) return undefined;
  const length = numberAt(view, vector - element, element);
  if (length !== 2) return undefined;
  const [name, node] = [0, 1].map((index) => {
    const place = vector + index * element;
    const kind = at(options, vector + length * element + index);
    return kind === undefined ? undefined : textAt(options, view, place, element, kind);
  });
  return name === undefined || node === undefined ? undefined : { name, node };
}

function textAt(
  options: Uint8Array,
  view: DataView,
  place: number,
  width: number,
  kind: number,
): Uint8Array | undefined {
  if (kind >> 2 !== STRING && kind >> 2 !== BLOB) return undefined;
  const start = back(view, place, width);
  const size = 1 << (kind & 3);
  const length = start === undefined ? undefined : numberAt(view, start - size, size);
  if (start === undefined || length === undefined || start + length > options.length) return undefined;
  return options.subarray(start, start + length);
}

/** The target of an offset, which leads back. */
function back(view: DataView, place: number, width: number): number | undefined {
  const offset = numberAt(view, place, width);
  return offset === undefined || offset > place ? undefined : place - offset;
}

function numberAt(view: DataView, place: number, width: number): number | undefined {
  if (place < 0 || place + width > view.byteLength) return undefined;
  if (width === 1) return view.getUint8(place);
  if (width === 2) return view.getUint16(place, true);
  if (width === 4) return view.getUint32(place, true);
  const value = view.getBigUint64(place, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

function at(options: Uint8Array, place: number): number | undefined {
  return place >= 0 ? options[place] : undefined;
}
