import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../core/index.ts';
import { archiveEntries, memberNames, openMember } from '../../formats/archive/index.ts';
import { dictOf, isDictCall, isKind } from '../../formats/pickle/inert/index.ts';
import type { ZipEntry } from '../../formats/zip/index.ts';
import { type Dtype, type InputFile, type Tensor, type TensorReadOptions, withinBytes } from '../tensors/index.ts';
import { openZip, rebuilt, TORCH_CALLS } from '../torch/index.ts';
import { JsonPart } from './json.ts';

/** The program of a file, before PyTorch 2.8 and since. */
const OLD_PROGRAM = 'serialized_exported_program.json';
const NEW_PROGRAM = /^models\/([^/]+)\.json$/;
/** Programs are JSON of their authors. */
const BOUNDS = { maxBytes: 256 * 1024 * 1024, maxDepth: 64, maxTokens: 8_000_000 };
const MAX_TEXT = 16;

/** Element types by their numbers (torch/_export/serde/schema.py, `ScalarType`). */
const DTYPES: ReadonlyMap<number, Dtype> = new Map<number, Dtype>([
  [1, 'U8'],
  [2, 'I8'],
  [3, 'I16'],
  [4, 'I32'],
  [5, 'I64'],
  [6, 'F16'],
  [7, 'F32'],
  [8, 'F64'],
  [12, 'BOOL'],
  [13, 'BF16'],
  [28, 'U16'],
]);

/** What `torch.export.save` wrote. */
export interface ExportedArchive {
  readonly program: JsonPart;
  /** Parameters and buffers, by their names. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly constants: ReadonlyMap<string, Tensor>;
}

/** The folder of everything, and its program; `undefined` for another archive. */
function programOf(names: readonly string[]): { readonly root: string; readonly program: string } | undefined {
  for (const name of names) {
    if (name === OLD_PROGRAM || name.endsWith(`/${OLD_PROGRAM}`))
      return { root: name.slice(0, -OLD_PROGRAM.length), program: name };
    const slash = name.indexOf('/');
    const root = name.slice(0, slash + 1);
    if (NEW_PROGRAM.test(name.slice(slash + 1)) && names.includes(`${root}archive_format`))
      return { root, program: name };
  }
  return undefined;
}

export async function isExported({ source }: InputFile): Promise<boolean> {
  return programOf(await memberNames(source)) !== undefined;
}

/** @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported`, `truncated`, `limit` */
export async function openExported({ source }: InputFile, options: TensorReadOptions): Promise<ExportedArchive> {
  const members = await archiveEntries(source, options);
  const found = programOf([...members.keys()]);
  if (found === undefined) throw new AssayError('malformed', 'the archive has no program', { subject: source.name });
  const { root, program } = found;
  const programs = [...members.keys()].filter((name) => NEW_PROGRAM.test(name.slice(root.length)));
  if (programs.length > 1)
    throw new AssayError('unsupported', `it holds ${programs.length} programs`, { subject: source.name });
  const reader = new MemberReader(source, members, options);
  const json = await reader.json(program);
  if (json === undefined) throw new AssayError('malformed', 'the archive has no program', { subject: source.name });
  if (program.endsWith(OLD_PROGRAM))
    return {
      program: json,
      weights: await reader.pickled(`${root}serialized_state_dict.pt`),
      constants: await reader.pickled(`${root}serialized_constants.pt`),
    };
  const name = NEW_PROGRAM.exec(program.slice(root.length))?.[1] ?? '';
  const part = async (folder: string, plain: string) =>
    (await reader.configured(`${root}data/${folder}/`, `${name}_${folder}_config.json`, `${root}byteorder`)) ??
    (await reader.pickled(`${root}data/${folder}/${plain}`));
  return {
    program: json,
    weights: await part('weights', `${name}.pt`),
    constants: await part('constants', `${name}.pt`),
  };
}

/** Reads members of one archive. */
class MemberReader {
  readonly #source: ByteSource;
  readonly #members: ReadonlyMap<string, ZipEntry>;
  readonly #options: TensorReadOptions;

  constructor(source: ByteSource, members: ReadonlyMap<string, ZipEntry>, options: TensorReadOptions) {
    this.#source = source;
    this.#members = members;
    this.#options = options;
  }

  async json(name: string): Promise<JsonPart | undefined> {
    const file = await this.#open(name);
    if (file === undefined) return undefined;
    if (file.size > BOUNDS.maxBytes)
      throw new AssayError('limit', `is longer than ${BOUNDS.maxBytes} bytes`, { subject: file.name });
    // The values take more than their text.
    this.#options.budget.hold(8 * file.size);
    this.#options.budget.work(file.size);
    const bytes = withoutConstants(await file.read(0, file.size));
    return new JsonPart(parseBoundedJson(bytes, file.name, BOUNDS), '', file.name);
  }

  /** The tensors of a dict that `torch.save` wrote; none where there is no member. */
  async pickled(name: string): Promise<Map<string, Tensor>> {
    const tensors = new Map<string, Tensor>();
    const file = await this.#open(name);
    if (file === undefined || file.size === 0) return tensors;
    const checkpoint = await openZip(file, this.#options);
    const refuse = (what: string) => new AssayError('unsupported', what, { subject: file.name });
    for (const call of checkpoint.pickle.calls)
      if (!TORCH_CALLS.isHarmless(call) && !isDictCall(call))
        throw refuse(
          `its pickle calls ${isKind(call.callee, 'global') ? `${call.callee.module}.${call.callee.name}` : 'a computed function'}`,
        );
    const dict = dictOf(checkpoint.pickle.value);
    if (dict === undefined) throw refuse('it does not hold a dict of tensors');
    for (const [key, value] of dict.entries()) {
      if (typeof key !== 'string') throw refuse('a tensor does not have a name');
      const made = isKind(value, 'object') ? rebuilt(value, key, checkpoint) : undefined;
      if (made?.kind === 'refused') throw refuse(`${key.slice(0, 80)} is ${made.why}`);
      if (made?.kind === 'tensor') tensors.set(key, made.tensor);
    }
    return tensors;
  }

  /** The tensors that a JSON document describes, each a member of raw bytes; `undefined` where there is none. */
  async configured(folder: string, config: string, order: string): Promise<Map<string, Tensor> | undefined> {
    const json = await this.json(folder + config);
    if (json === undefined) return undefined;
    const bigEndian = await this.#isBigEndian(order);
    const tensors = new Map<string, Tensor>();
    for (const [name, entry] of json.get('config').entries()) {
      if (entry.find('use_pickle')?.flag() === true) throw entry.broken('is a pickle');
      const path = entry.get('path_name').text();
      const bytes = await this.#open(folder + path);
      if (bytes === undefined) throw entry.broken(`names ${path.slice(0, 80)}, which is not in the archive`);
      tensors.set(name, described(name, bytes, entry.get('tensor_meta'), bigEndian));
    }
    return tensors;
  }

  async #open(name: string): Promise<ByteSource | undefined> {
    const entry = this.#members.get(name);
    if (entry === undefined) return undefined;
    const { limits, budget, signal, resources } = this.#options;
    return await openMember(this.#source, entry, { limits, budget, signal, resources });
  }

  async #isBigEndian(name: string): Promise<boolean> {
    const file = await this.#open(name);
    if (file === undefined) return false;
    const text = Buffer.from(await file.read(0, Math.min(MAX_TEXT, file.size))).toString('latin1');
    if (text === 'little' || text === 'big') return text === 'big';
    throw new AssayError('malformed', 'its byte order is neither little nor big', { subject: file.name });
  }
}

/** Python writes numbers that JSON does not have: they become texts. */
function withoutConstants(bytes: Uint8Array): Uint8Array {
  const held = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!held.includes('Infinity') && !held.includes('NaN')) return bytes;
  // Each byte is a character, so that texts stay what they are.
  const text = held.toString('latin1');
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    parts.push(text.slice(at, end).replace(/-?Infinity|NaN/g, '"$&"'));
    at = quote < 0 ? text.length : textEnd(text, quote);
    parts.push(text.slice(end, at));
  }
  return Buffer.from(parts.join(''), 'latin1');
}

/** The place behind the text that begins with a quotation mark. */
function textEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
}

/** A tensor over the bytes of its storage. @throws AssayError `malformed` for one that leaves them */
function described(name: string, bytes: ByteSource, meta: JsonPart, bigEndian: boolean): Tensor {
  const code = meta.get('dtype').whole();
  const dtype = DTYPES.get(code);
  if (dtype === undefined) throw meta.broken(`has the element type ${code}`);
  const counts = (key: string) =>
    meta
      .get(key)
      .items()
      .map((size) => size.get('as_int').count());
  return withinBytes({
    name,
    dtype,
    shape: counts('sizes'),
    strides: counts('strides'),
    offset: meta.get('storage_offset').get('as_int').count(),
    bytes,
    bigEndian,
  });
}
