import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type NpyHeader, readNpyHeader } from '../../formats/npy/index.ts';
import { columnMajor, rowMajor, type TensorFound, withinBytes } from '../tensors/index.ts';
import { arrayType } from './element.ts';

/**
 * The array of a `.npy` file as a tensor.
 * @throws AssayError `truncated` when the file ends before its array, `malformed` when bytes follow it
 */
export async function npyTensor(source: ByteSource, name: string): Promise<TensorFound> {
  const header = await readNpyHeader(source);
  const { dataStart, dataSize, element } = header;
  const type = arrayType(element);
  if (type.kind === 'other' || dataSize === undefined)
    return { kind: 'refused', why: type.kind === 'other' ? type.title : 'an array of objects' };
  const held = source.size - dataStart;
  if (held < dataSize)
    throw new AssayError('truncated', `the array needs ${dataSize} bytes, and ${held} are left`, {
      subject: source.name,
      offset: dataStart,
    });
  // Programs that read several arrays from one file take what follows as the next one.
  if (held > dataSize)
    throw new AssayError('malformed', `${held - dataSize} bytes follow the array`, {
      subject: source.name,
      offset: dataStart + dataSize,
      hint: 'save each array to a file of its own, or all of them with numpy.savez',
    });
  const tensor = {
    name,
    dtype: type.dtype,
    shape: header.shape,
    strides: stridesOf(header),
    offset: 0,
    bytes: new SliceSource(source, dataStart, dataSize, source.name),
    bigEndian: type.bigEndian,
  };
  return { kind: 'tensor', tensor: withinBytes(tensor) };
}

function stridesOf({ shape, fortran }: NpyHeader): number[] {
  return fortran ? columnMajor(shape) : rowMajor(shape);
}
