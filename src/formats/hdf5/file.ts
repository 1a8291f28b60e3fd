import { type ByteSource, MemorySource, spool } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget, type Limits } from '../../core/index.ts';
import { attributeTexts, type Hdf5Attribute, readAttributes } from './attributes.ts';
import { chunkedElements, isChunked, storedRanges } from './chunks.ts';
import { Hdf5Cursor } from './cursor.ts';
import { type Hdf5Dataset, readDataset } from './dataset.ts';
import { denseMessages } from './dense.ts';
import { GlobalHeaps } from './global-heap.ts';
import { MESSAGE, type Message, readHeader, withCommitted } from './header.ts';
import { type Hdf5Link, LinkTable, readLocalHeap } from './links.ts';
import type { Hdf5Range } from './range.ts';
import { Hdf5Bytes, type ReadObserver } from './reading.ts';
import { readSuperblock } from './superblock.ts';

/** Names in a path. */
const MAX_PATH = 1_000;

/** A group or a dataset, read when it is asked for. */
export interface Hdf5Object {
  readonly path: string;
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>;
  /** The names in a group; empty for a dataset. */
  readonly links: ReadonlyMap<string, Hdf5Link>;
  /** Absent for a group. */
  readonly dataset: Hdf5Dataset | undefined;
}

export interface Hdf5Options {
  readonly limits: Limits;
  readonly budget: FileBudget;
  /** Called for every structure that is read. */
  readonly onRead?: ReadObserver;
}

/**
 * An HDF5 file as a tree of groups and arrays, inert: elements stay where they are, links to other files are not followed.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit` from every method
 */
export class Hdf5File {
  readonly name: string;
  readonly #bytes: Hdf5Bytes;
  readonly #heaps: GlobalHeaps;
  readonly #limits: Limits;
  readonly #root: number;
  readonly #objects = new Map<number, Hdf5Object>();

  private constructor(bytes: Hdf5Bytes, root: number, limits: Limits) {
    this.name = bytes.name;
    this.#bytes = bytes;
    this.#heaps = new GlobalHeaps(bytes);
    this.#limits = limits;
    this.#root = root;
  }

  static async open(source: ByteSource, { limits, budget, onRead }: Hdf5Options): Promise<Hdf5File> {
    const superblock = await readSuperblock(source);
    return new Hdf5File(new Hdf5Bytes(source, superblock, budget, onRead), superblock.root, limits);
  }

  root(): Promise<Hdf5Object> {
    return this.#object(this.#root, '');
  }

  /**
   * The object that a path of names leads to; `undefined` when a name is not there.
   * @throws AssayError `unsupported` for links that are not hard: they may lead to other files; `malformed` for a path with an
   *   empty name
   */
  async find(path: readonly string[]): Promise<Hdf5Object | undefined> {
    if (path.length > MAX_PATH) throw this.#wrong('limit', `a path has more than ${MAX_PATH} names`);
    let object = await this.root();
    for (const [index, name] of path.entries()) {
      const shown = path.slice(0, index + 1).join('/');
      // HDF5 passes over both.
      if (name === '' || name === '.')
        throw this.#wrong('malformed', `the path ${JSON.stringify(shown)} has an empty name`);
      const link = object.links.get(name);
      if (link === undefined) return undefined;
      if (link.kind !== 'hard')
        throw this.#wrong('unsupported', `${JSON.stringify(shown)} is a link of the kind "${link.kind}"`);
      object = await this.#object(link.address, shown);
    }
    return object;
  }

  /** The object at an address that a link names. @param path for messages */
  at(address: number, path: string): Promise<Hdf5Object> {
    return this.#object(address, path);
  }

  /** Where the elements of a dataset are stored in this file, as offsets of the file. */
  async ranges(dataset: Hdf5Dataset): Promise<readonly Hdf5Range[]> {
    const { layout, length } = dataset;
    if (isChunked(dataset)) return await storedRanges(dataset, this.#bytes);
    if (layout.kind !== 'contiguous' || layout.address === undefined || length === 0) return [];
    const start = this.#bytes.place(layout.address, length, 'dataset');
    return [{ start, end: start + length }];
  }

  /** The names of the files that hold the elements of a dataset; `.` is this file. */
  async otherFiles({ layout }: Hdf5Dataset): Promise<readonly string[]> {
    if (layout.kind === 'external') {
      const heap = await readLocalHeap(this.#bytes, layout.heap);
      return layout.names.map((at) => terminated(heap.bytes, at));
    }
    if (layout.kind !== 'virtual' || layout.heap === undefined) return [];
    const list = await this.#heaps.at(layout.heap, layout.index);
    // A version, the count of the sources, and the file of the first of them.
    return list === undefined ? [] : [terminated(list, 1 + this.#bytes.lengthSize)];
  }

  /** The bytes of each element of a type of variable length, from elements as they are stored. */
  async *heapObjects(elements: Uint8Array, elementSize: number): AsyncGenerator<Uint8Array, void> {
    const all = new Hdf5Cursor(elements, this.#bytes, 'element of variable length');
    while (all.left >= elementSize) yield await this.#heaps.object(all.part(elementSize));
  }

  /** The texts of an attribute, in order. @throws AssayError `unsupported` when it does not hold texts */
  texts(attribute: Hdf5Attribute): Promise<readonly string[]> {
    return attributeTexts(attribute, this.#bytes, this.#heaps);
  }

  /** The bytes of all elements, row-major: where they are, or in a temporary file when they are stored in chunks. The caller closes it. */
  async elements(dataset: Hdf5Dataset): Promise<ByteSource> {
    const { layout, length } = dataset;
    if (layout.kind === 'compact') return new MemorySource(layout.data, this.name);
    if (isChunked(dataset)) {
      const stored = chunkedElements(dataset, this.#bytes);
      return await spool(stored, this.name, this.#bytes.after(0), this.#bytes.budget, this.#limits);
    }
    if (layout.kind === 'external') throw this.#wrong('unsupported', 'a dataset takes its elements from other files');
    if (layout.kind === 'virtual') throw this.#wrong('unsupported', 'a dataset takes its elements from other datasets');
    if (layout.kind === 'contiguous' && layout.address !== undefined)
      return this.#bytes.range(layout.address, length, 'dataset');
    if (!dataset.zeroFill)
      throw this.#wrong('unsupported', 'a dataset has elements that were never written, and are not zero');
    this.#bytes.budget.hold(length);
    return new MemorySource(new Uint8Array(length), this.name);
  }

  async #object(address: number, path: string): Promise<Hdf5Object> {
    const known = this.#objects.get(address);
    if (known !== undefined) return known;
    this.#bytes.budget.hold(512);
    const messages = await withCommitted(await readHeader(this.#bytes, address), this.#bytes);
    const links = new LinkTable(this.#bytes);
    for (const { type, shared, body } of messages) {
      if (type !== MESSAGE.symbols && type !== MESSAGE.link && type !== MESSAGE.linkInfo) continue;
      if (shared) throw body.unsupported('is stored elsewhere');
      if (type === MESSAGE.symbols) await links.symbols(body);
      else if (type === MESSAGE.link) links.message(body);
      else for await (const link of denseMessages(body, 'links', this.#bytes)) links.message(link);
    }
    const object: Hdf5Object = {
      path,
      attributes: await readAttributes(await this.#attributeMessages(messages), this.#bytes),
      links: links.links,
      dataset: readDataset(messages, this.#bytes),
    };
    this.#objects.set(address, object);
    return object;
  }

  async #attributeMessages(messages: readonly Message[]): Promise<readonly Message[]> {
    const found = messages.filter(({ type }) => type === MESSAGE.attribute);
    for (const { type, body } of messages) {
      if (type !== MESSAGE.attributeInfo) continue;
      for await (const one of denseMessages(body, 'attributes', this.#bytes))
        found.push({ type: MESSAGE.attribute, shared: false, body: one });
    }
    return found;
  }

  #wrong(code: 'malformed' | 'unsupported' | 'limit', message: string): AssayError {
    return new AssayError(code, message, { subject: this.name });
  }
}

/** A text that ends with a zero; what is not UTF-8 is shown as such. */
function terminated(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return Buffer.from(bytes.subarray(Math.min(at, bytes.length), end < 0 ? bytes.length : end)).toString('utf8');
}
