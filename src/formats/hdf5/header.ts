import type { Hdf5Cursor } from './cursor.ts';
import { lookup3 } from './lookup3.ts';
import type { Hdf5Bytes } from './reading.ts';

/** The types of messages that are read (HDF5 File Format Specification 3.0, IV.A.2). */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbols: 0x11,
  attributeInfo: 0x15,
} as const;

const NIL = 0;
/** The highest type that the specification names. */
const LAST_TYPE = 0x17;
const FLAG_SHARED = 0x02;
const FLAG_MUST_KNOW = 0x80;

/** One message of an object header. */
export interface Message {
  readonly type: number;
  readonly shared: boolean;
  readonly body: Hdf5Cursor;
}

/** Where a part of a header stands. */
interface Block {
  readonly address: number;
  readonly length: number;
}

/**
 * The messages of an object header, versions 1 and 2, with those of its continuations.
 * @throws AssayError `malformed` for blocks that lead to themselves; `unsupported`, `limit`
 */
export async function readHeader(bytes: Hdf5Bytes, address: number): Promise<readonly Message[]> {
  const start = await bytes.read(address, 4, 'object header');
  const isNew = Buffer.from(start.bytes).toString('latin1') === 'OHDR';
  return isNew ? await readNewHeader(bytes, address) : await readOldHeader(bytes, address);
}

async function readOldHeader(bytes: Hdf5Bytes, address: number): Promise<Message[]> {
  const prefix = await bytes.read(address, 16, 'object header');
  prefix.version(1);
  prefix.skip(1);
  const count = prefix.u16();
  prefix.skip(4);
  const first = { address: address + 16, length: prefix.u32() };
  const messages: Message[] = [];
  let seen = 0;
  for await (const block of blocks(bytes, first)) {
    // What is shorter than the head of a message is a gap.
    while (block.body.left >= 8 && seen < count) {
      seen++;
      const [type, size, flags] = [block.body.u16(), block.body.u16(), block.body.u8()];
      block.body.skip(3);
      block.add(messages, type, flags, block.body.part(size, nameOf(type)));
    }
  }
  if (seen !== count) throw prefix.wrong(`has ${seen} messages, but states ${count}`);
  return messages;
}

async function readNewHeader(bytes: Hdf5Bytes, address: number): Promise<Message[]> {
  // Up to the size of the first block: 6 bytes, and at most 16 for times, 4 for attributes, 8 for the size.
  const prefix = await bytes.peek(address, Math.min(34, bytes.after(address)), 'object header');
  prefix.signature('OHDR');
  prefix.version(2);
  const flags = prefix.u8();
  if ((flags & 0x20) !== 0) prefix.skip(16);
  if ((flags & 0x10) !== 0) prefix.skip(4);
  const length = prefix.uint(1 << (flags & 3));
  const whole = await bytes.read(address, prefix.at + length + 4, 'object header');
  checkSum(whole);
  const messages: Message[] = [];
  for await (const block of blocks(bytes, { address: address + prefix.at, length })) {
    const { body } = block;
    if (block.index > 0) {
      checkSum(body);
      body.signature('OCHK');
    }
    const messagesOf = block.index > 0 ? body.part(body.left - 4) : body;
    const head = (flags & 0x04) !== 0 ? 6 : 4;
    while (messagesOf.left >= head) {
      const [type, size, messageFlags] = [messagesOf.u8(), messagesOf.u16(), messagesOf.u8()];
      if (head === 6) messagesOf.skip(2);
      block.add(messages, type, messageFlags, messagesOf.part(size, nameOf(type)));
    }
  }
  return messages;
}

/** The blocks of a header: the first, and those that continuation messages name, each of them once. */
async function* blocks(bytes: Hdf5Bytes, first: Block) {
  const queue: Block[] = [first];
  const known = new Set([first.address]);
  for (let index = 0; ; index++) {
    const next = queue[index];
    if (next === undefined) return;
    const body = await bytes.read(next.address, next.length, 'object header');
    const add = (messages: Message[], type: number, flags: number, message: Hdf5Cursor): void => {
      bytes.budget.work(64);
      if (type === NIL) return;
      if (type === MESSAGE.continuation) {
        const block = { address: message.place(), length: message.length() };
        if (known.has(block.address)) throw body.wrong('continues where it was before');
        known.add(block.address);
        queue.push(block);
        return;
      }
      if (type > LAST_TYPE && (flags & FLAG_MUST_KNOW) !== 0)
        throw body.unsupported(`has a message of the type ${type}, which a reader has to know`);
      messages.push({ type, shared: (flags & FLAG_SHARED) !== 0, body: message });
    };
    yield { index, body, add };
  }
}

/**
 * The messages of an object, with the types that are committed elsewhere in the file in place of the references to them.
 * @throws AssayError `unsupported` for another shared message; `malformed`
 */
export async function withCommitted(messages: readonly Message[], bytes: Hdf5Bytes): Promise<readonly Message[]> {
  const found: Message[] = [];
  for (const message of messages) {
    if (!message.shared || message.type !== MESSAGE.datatype) found.push(message);
    else found.push(await committed(message.body, bytes));
  }
  return found;
}

/** The type that a shared message leads to. @throws AssayError `unsupported` for one in a table; `malformed` */
export async function committed(body: Hdf5Cursor, bytes: Hdf5Bytes): Promise<Message> {
  const version = body.version(1, 2, 3);
  const kind = body.u8();
  if (version === 3 && kind !== 2) throw body.unsupported('is in a table of shared messages');
  if (version === 1) body.skip(6);
  const types = (await readHeader(bytes, body.place())).filter(({ type }) => type === MESSAGE.datatype);
  const [type, second] = types;
  if (type === undefined || second !== undefined || type.shared) throw body.wrong('does not lead to one type');
  return type;
}

/** @throws AssayError `malformed` when the last four bytes are not the checksum of those before */
export function checkSum(structure: Hdf5Cursor): void {
  const { bytes } = structure;
  if (bytes.length < 4) throw structure.wrong('is too short for its checksum');
  const end = bytes.length - 4;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
  if (lookup3(bytes.subarray(0, end)) !== stored) throw structure.wrong('does not have the checksum that it states');
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(MESSAGE).map(([name, type]) => [type, name]));

function nameOf(type: number): string {
  return `${NAMES.get(type) ?? type} message`;
}
