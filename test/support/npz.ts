import { buildZip } from './containers.ts';

/** An array as `numpy.save` takes it. */
export interface NpyArray {
  readonly descr: '<f4' | '<f8' | '<i8' | '<i4' | '|b1' | `<U${number}` | '|O';
  readonly shape: readonly number[];
  readonly values: readonly (number | bigint | string | boolean)[];
}

/** The bytes of a `.npy` file of format 1.0. */
export function npyBytes({ descr, shape, values }: NpyArray): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = Buffer.from(`${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`, 'latin1');
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8]);
  return Buffer.concat([head, header, ...values.map((value) => elementBytes(descr, value))]);
}

/** The bytes of a file that `numpy.savez` makes. */
export function npzBytes(arrays: Readonly<Record<string, NpyArray>>): Buffer {
  return buildZip(Object.entries(arrays).map(([name, array]) => ({ name: `${name}.npy`, data: npyBytes(array) })));
}

function elementBytes(descr: string, value: NpyArray['values'][number]): Buffer {
  const width = Number(descr.slice(2));
  const bytes = Buffer.alloc(descr.startsWith('<U') ? 4 * width : descr === '|O' ? 0 : width);
  if (descr === '<f4') bytes.writeFloatLE(Number(value));
  else if (descr === '<f8') bytes.writeDoubleLE(Number(value));
  else if (descr === '<i8') bytes.writeBigInt64LE(BigInt(value));
  else if (descr === '<i4') bytes.writeInt32LE(Number(value));
  else if (descr === '|b1') bytes.writeUInt8(Number(value));
  else
    for (const [i, character] of [...String(value)].slice(0, width).entries())
      bytes.writeUInt32LE(character.codePointAt(0) ?? 0, 4 * i);
  return bytes;
}
