import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';

const MAX_BYTES = 256 * 1024 * 1024;
/** Recursive code reads and frees nested collections. */
const MAX_DEPTH = 32;

const [HAS_Z, HAS_M, HAS_SRID] = [0x80000000, 0x40000000, 0x20000000];
const [POINT, LINE, POLYGON, COLLECTION] = [1, 2, 3, 7];
/** What the parts of a collection of one kind are. */
const PARTS: Readonly<Record<number, number>> = { 4: POINT, 5: LINE, 6: POLYGON };

/**
 * Reads one geometry in well-known binary, as GEOS reads it (io/WKBReader.cpp): ISO's and PostGIS' marks of further dimensions, and no
 * byte behind the geometry.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a kind of curves
 */
export async function readWkb(source: ByteSource, budget: FileBudget): Promise<void> {
  const { size } = source;
  if (size > MAX_BYTES) throw new AssayError('limit', `a geometry of ${size} bytes`);
  budget.hold(size);
  try {
    const bytes = await source.read(0, size);
    const reader = new Geometries(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), budget);
    reader.geometry(undefined, 0);
    if (reader.at !== size) throw bad('bytes follow the geometry', reader.at);
  } finally {
    budget.release(size);
  }
}

class Geometries {
  at = 0;
  readonly #view: DataView;
  readonly #budget: FileBudget;
  #little = true;

  constructor(view: DataView, budget: FileBudget) {
    this.#view = view;
    this.#budget = budget;
  }

  /** @param wanted the only kind that may stand here */
  geometry(wanted: number | undefined, depth: number): void {
    const start = this.at;
    this.#budget.work(1);
    this.#need(1);
    const order = this.#view.getUint8(this.at++);
    if (order > 1) throw bad(`a byte order of ${order}`, start);
    this.#little = order === 1;
    const type = this.#count();
    if ((type & HAS_SRID) !== 0) this.#count();
    const short = type & 0xffff;
    const [kind, range] = [short % 1000, Math.floor(short / 1000)];
    if (range > 3 || (type & 0x1fff0000) !== 0) throw bad(`a geometry of type ${type}`, start);
    const z = (type & HAS_Z) !== 0 || range === 1 || range === 3;
    const m = (type & HAS_M) !== 0 || range === 2 || range === 3;
    if (wanted !== undefined && kind !== wanted)
      throw bad(`a part of type ${kind} in a collection of another type`, start);
    this.#shape(kind, 8 * (2 + Number(z) + Number(m)), depth, start);
  }

  #shape(kind: number, bytes: number, depth: number, start: number): void {
    if (kind === POINT || kind === LINE) {
      this.#skip(kind === POINT ? 1 : this.#count(), bytes);
      return;
    }
    if (kind === POLYGON) {
      for (let rings = this.#parts(4); rings > 0; rings--) this.#skip(this.#count(), bytes);
      return;
    }
    if (kind < POINT || kind > COLLECTION)
      throw new AssayError('unsupported', `a geometry of kind ${kind}`, { offset: start });
    if (depth >= MAX_DEPTH) throw bad('collections that are nested too deep', start);
    for (let parts = this.#parts(5); parts > 0; parts--) this.geometry(PARTS[kind], depth + 1);
  }

  /** How many parts follow, each of which takes some bytes. */
  #parts(least: number): number {
    const count = this.#count();
    if (count > (this.#view.byteLength - this.at) / least)
      throw new AssayError('truncated', `${count} parts of a geometry`, { offset: this.at });
    return count;
  }

  #count(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.at, this.#little);
    this.at += 4;
    return value;
  }

  #skip(count: number, bytes: number): void {
    this.#budget.work(1);
    this.#need(count * bytes);
    this.at += count * bytes;
  }

  #need(length: number): void {
    if (this.at + length > this.#view.byteLength)
      throw new AssayError('truncated', 'the geometry ends too early', { offset: this.at });
  }
}

function bad(why: string, offset: number): AssayError {
  return new AssayError('malformed', why, { offset });
}
