import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AssayError } from '../../../core/index.ts';
import { type Pixels, withoutAlpha } from './pixels.ts';

const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const PNG_HEADER = 33;
const JPEG_START = [0xff, 0xd8, 0xff];
const JPEG_LIBRARY = '@jsquash/jpeg/codec/dec/mozjpeg_dec';
const MAX_PROBLEM = 200;

/** Width, height and pixels of an image are known before it is decoded. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The pixels of a PNG or JPEG, told apart by their first bytes. Transparency and the orientation that a camera notes are left out, as
 * `PIL.Image.open(f).convert('RGB')` does.
 * @throws AssayError `limit` before it decodes more than `maxPixels`; `unsupported`; `malformed`
 */
export async function decodeImage(bytes: Uint8Array, maxPixels: number): Promise<Pixels> {
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return png(bytes, maxPixels);
  if (JPEG_START.every((byte, i) => bytes[i] === byte)) return await jpeg(bytes, maxPixels);
  throw new AssayError('unsupported', 'is neither PNG nor JPEG; convert it to PNG');
}

function checked({ width, height }: Size, maxPixels: number): Size {
  if (width === 0 || height === 0) throw new AssayError('malformed', `says a size of ${width} x ${height} pixels`);
  if (width * height > maxPixels)
    throw new AssayError('limit', `has ${width} x ${height} pixels, more than ${maxPixels}; scale it down before`);
  return { width, height };
}

function png(bytes: Uint8Array, maxPixels: number): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PNG_HEADER) throw new AssayError('truncated', 'ends within the header of a PNG');
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452)
    throw new AssayError('malformed', 'is a PNG that does not start with its header');
  const size = checked({ width: view.getUint32(16), height: view.getUint32(20) }, maxPixels);
  if (view.getUint8(24) > 8) throw new AssayError('unsupported', 'has 16 bits a channel; convert it to 8');
  const { PNG } = createRequire(import.meta.url)('pngjs') as PngLibrary;
  let image: Decoded;
  try {
    image = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw broken('PNG', error);
  }
  return pixelsOf(image, size);
}

/** The part of the package that is used; it has no declarations of its own. */
interface PngLibrary {
  readonly PNG: { readonly sync: { read(bytes: Buffer): Decoded } };
}

interface Decoded extends Size {
  /** Red, green, blue, alpha. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

async function jpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels> {
  const size = checked(jpegSize(bytes), maxPixels);
  const decoder = await jpegDecoder();
  decoder.problems.length = 0;
  let image: Decoded;
  try {
    image = decoder.decode(bytes);
  } catch (error) {
    throw broken('JPEG', decoder.problems[0] ?? error);
  }
  // The library fills what is missing with gray, and warns.
  if (decoder.problems.length > 0) throw broken('JPEG', decoder.problems[0]);
  return pixelsOf(image, size);
}

interface JpegDecoder {
  decode(bytes: Uint8Array): Decoded;
  /** What the library wrote while it decoded. */
  readonly problems: string[];
}

let loaded: Promise<JpegDecoder> | undefined;

/** libjpeg as WebAssembly: the same pixels as Pillow, whose libjpeg it is. */
function jpegDecoder(): Promise<JpegDecoder> {
  loaded ??= loadJpegDecoder();
  return loaded;
}

/** The part of the package that is used; its declarations name types of browsers. */
type JpegFactory = (options: {
  readonly noInitialRun: true;
  readonly wasmBinary: Uint8Array;
  readonly printErr: (text: string) => void;
}) => Promise<{ decode(bytes: Uint8Array, preserveOrientation: boolean): Decoded | null }>;

async function loadJpegDecoder(): Promise<JpegDecoder> {
  const wasmBinary = readFileSync(createRequire(import.meta.url).resolve(`${JPEG_LIBRARY}.wasm`));
  const { default: factory } = (await import(`${JPEG_LIBRARY}.js`)) as { readonly default: JpegFactory };
  const problems: string[] = [];
  const printErr = (text: string) => {
    problems.push(text.slice(0, MAX_PROBLEM));
  };
  const library = await factory({ noInitialRun: true, wasmBinary, printErr });
  const decode = (bytes: Uint8Array) => {
    const image = library.decode(bytes, false);
    if (image === null) throw new AssayError('malformed', 'is not a JPEG');
    return image;
  };
  return { problems, decode };
}

/** The size in the first frame header (ITU-T T.81, B.2.2). */
function jpegSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw new AssayError('malformed', `is a JPEG without a marker at byte ${at}`);
    const marker = bytes[at + 1] ?? 0;
    // Fill bytes stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (isFrame(marker)) {
      if (at + 10 > bytes.length) break;
      const components = view.getUint8(at + 9);
      if (components !== 1 && components !== 3)
        throw new AssayError('unsupported', `is a JPEG of ${components} channels; convert it to RGB`);
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    if (marker === 0xd9 || marker === 0xda || length < 2) break;
    at += 2 + length;
  }
  throw new AssayError('malformed', 'is a JPEG without a frame header');
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function pixelsOf({ width, height, data }: Decoded, size: Size): Pixels {
  if (width !== size.width || height !== size.height || data.length !== 4 * width * height)
    throw new AssayError('malformed', `says ${size.width} x ${size.height} pixels, and has ${width} x ${height}`);
  return withoutAlpha(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height);
}

function broken(format: string, why: unknown): AssayError {
  const message = why instanceof Error ? why.message : String(why);
  // What V8 and WebAssembly say of memory that is refused.
  if (/alloc|out of memory|array length|grow memory/i.test(message))
    return new AssayError('limit', `needs more memory than the sandbox allows (sandboxMemoryBytes)`, { cause: why });
  return new AssayError('malformed', `is not a whole ${format}: ${message.slice(0, MAX_PROBLEM)}`, { cause: why });
}
