// Files that cost much to judge for their size, by size: for tests that count, and for the bench that measures.
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

const all = (parts) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
const b = (...parts) => all(parts);
const u32 = (n) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const u64 = (n) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
};
const repeat = (part, count) => Buffer.alloc(Buffer.byteLength(part, 'latin1') * count, part, 'latin1');
const times = (bytes, part) => Math.max(1, Math.floor(bytes / part));
const text = (value) => b('X', u32(Buffer.byteLength(value, 'latin1')), value);

const P2 = '\x80\x02';
const ORDERED = 'ccollections\nOrderedDict\n';

/** Tuples of `width` times the same tuple, `depth` deep, as the arguments of a call: width to the power of depth of them. */
export function nestedArguments(width, depth, call = 'R') {
  const parts = [P2, ORDERED, 'q\x00', 'N\x85q\x01'];
  for (let level = 1; level <= depth; level++) {
    const get = `h${String.fromCharCode(level)}`;
    parts.push('(', get.repeat(width), 't', `q${String.fromCharCode(level + 1)}`);
  }
  const top = `h${String.fromCharCode(depth + 1)}`;
  const made = {
    R: `h\x00${top}\x85R`,
    NEWOBJ: `h\x00${top}\x85\x81`,
    NEWOBJ_EX: `h\x00${top}\x85}\x92`,
    OBJ: `(h\x00${top}o`,
    INST: `(${top}icollections\nOrderedDict\n`,
    BUILD: `h\x00)R${top}b`,
  }[call];
  return b(all(parts), made, '.');
}

/** One tuple of half the file, passed to a call again and again. */
export function oneTupleManyCalls(bytes) {
  const half = times(bytes, 2);
  return b(P2, ORDERED, 'q\x00(', repeat('N', half), 'tq\x01', repeat('h\x00h\x01R0', times(half, 6)), 'N.');
}

/** A text operand of one line; `end` makes it a number or none. */
export function line(opcode, filling, bytes, end = '') {
  return b(P2, opcode, repeat(filling, times(bytes, filling.length)), end, '\nN.');
}

/** Frames that their operands leave, frames within frames, frames of nothing, frames beyond the end of the file. */
export function frames(kind, bytes) {
  const frame = {
    straddled: b('\x95', u64(3), '\x8c\x05aaaaa0'),
    nested: b('\x95', u64(40), '\x95', u64(5), 'N0N0'),
    empty: b('\x95', u64(0)),
    beyond: b('\x95', u64(2 ** 40), 'N0'),
    deep: b('\x95', u64(20)),
  }[kind];
  return b('\x80\x04', all(Array(times(bytes, frame.length)).fill(frame)), 'N.');
}

/** Each tuple holds the one before twice. */
export function memoLaughs(bytes) {
  return b(P2, 'Nq\x00', repeat('h\x00h\x00\x86q\x00', times(bytes, 7)), ORDERED, 'h\x00\x85R.');
}

export function dups(bytes) {
  return b(P2, 'N', repeat('2', bytes), '.');
}

export function dupTuples(bytes) {
  return b(P2, 'N', repeat('2\x86', times(bytes, 2)), '.');
}

export function marks(bytes) {
  return b(P2, repeat('(', bytes), 'N.');
}

export function protocols(bytes) {
  return b(repeat(P2, times(bytes, 2)), 'N.');
}

export function sparseMemo(bytes) {
  const count = times(bytes, 5);
  return b(P2, 'N', all(Array.from({ length: count }, (_, i) => b('r', u32(0x40000000 + i * 7)))), '.');
}

/** Pickles in byte strings in pickles. */
export function nestedBytes(depth) {
  let inner = b(P2, 'N.');
  for (let i = 0; i < depth; i++) inner = b(P2, ORDERED, ')R0', 'B', u32(inner.length), inner, '.');
  return inner;
}

/** Byte strings that each begin as a pickle, one after the other. */
export function manyBlobs(bytes) {
  return b(P2, repeat('C\x04\x80\x02N.0', times(bytes, 7)), 'N.');
}

export function streams(bytes) {
  return repeat('\x80\x02N.', times(bytes, 4));
}

/** Persistent ids of another shape than a storage's, each with much to describe. */
export function persistentIds(bytes) {
  const parts = [P2, 'N\x85q\x01'];
  for (let level = 1; level <= 5; level++) {
    const get = `h${String.fromCharCode(level)}`;
    parts.push('(', get.repeat(8), 't', `q${String.fromCharCode(level + 1)}`);
  }
  return b(all(parts), repeat('h\x06Q0', times(bytes, 4)), 'N.');
}

/** Long names, each joined with each. */
export function names(bytes) {
  const count = 100;
  const long = times(bytes, 4 * count);
  const parts = [P2];
  for (let i = 0; i < count; i++) parts.push(text(`m${i}${'a'.repeat(long)}`), `q${String.fromCharCode(i)}0`);
  for (let i = 0; parts.length < times(bytes, 10); i = (i + 1) % (count * count)) {
    parts.push(`h${String.fromCharCode(i % count)}h${String.fromCharCode(Math.floor(i / count))}\x930`);
  }
  return b(all(parts), 'N.');
}

/** A dict that keeps its items, filled an item at a time. */
export function keptItems(bytes) {
  return b(P2, 'cnumpy\ndtype\n0', repeat('}NNs0', times(bytes, 5)), 'N.');
}

/** joblib's arrays, with as many dimensions as fit, and as many arrays of them. */
export function joblibArrays(bytes, dimensions) {
  const wrapper = 'cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\x00';
  const dtype = b('cnumpy\ndtype\n(', text('f8'), 'K\x00K\x01tRq\x01');
  const state = b('}(', text('shape'), '(', repeat('K\x01', dimensions), 't', text('dtype'), 'h\x01uq\x02');
  const array = b('h\x00)\x81h\x02b', repeat('\x00', 8));
  return b(P2, wrapper, dtype, '00', state, '0', all(Array(times(bytes, array.length)).fill(array)), 'N.');
}

/** PyTorch's old files with keys that name one long string again and again. */
export function legacyTorch(bytes) {
  const magic = b('\x80\x02\x8a\x0a', Buffer.from('6cfc9c46f9206aa85019', 'hex'), '.');
  const version = b('\x80\x02M\xe9\x03.');
  const key = text('0'.repeat(3_000));
  const keys = [P2, ']', key];
  for (let i = 0; i < times(bytes, 5); i++) keys.push(b('r', u32(i)));
  return b(magic, version, b(P2, '}.'), b(P2, '}.'), all(keys), 'a.');
}

/** What follows a pickle and looks like the start of another, everywhere. */
export function trailing(bytes) {
  return b(P2, 'N.', repeat('\x80\x02NN', times(bytes, 4)));
}

/** LZ4 frames and blocks of nothing; gzip members of nothing. */
export function lz4Frames(bytes) {
  return repeat('\x04\x22\x4d\x18\x60\x70\x73\x00\x00\x00\x00', times(bytes, 11));
}

export function lz4Blocks(bytes) {
  return b('\x04\x22\x4d\x18\x40\x70\xdf', repeat('\x01\x00\x00\x80a', times(bytes, 5)), u32(0));
}

export function gzipMembers(bytes) {
  const member = gzipSync('');
  return all(Array(times(bytes, member.length)).fill(member));
}

/** A zip of as many members as fit, or of what looks like their headers. */
export function zipMembers(bytes, data = b(P2, 'N.')) {
  const stored = deflateRawSync(data);
  const head = (signature, extra) =>
    b(
      signature,
      extra,
      '\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00',
      u32(crc32(data)),
      u32(stored.length),
      u32(data.length),
    );
  const count = Math.min(65_000, times(bytes, 100 + stored.length));
  const locals = [];
  const central = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const name = String(i).padStart(6, '0');
    const local = b(head('PK\x03\x04', ''), '\x06\x00\x00\x00', name, stored);
    locals.push(local);
    central.push(b(head('PK\x01\x02', '\x14\x03'), '\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00', u32(0), u32(at), name));
    at += local.length;
  }
  const directory = all(central);
  const counts = Buffer.alloc(4);
  counts.writeUInt16LE(count, 0);
  counts.writeUInt16LE(count, 2);
  return b(all(locals), directory, 'PK\x05\x06\0\0\0\0', counts, u32(directory.length), u32(at), '\0\0');
}

export function zipHeaders(bytes) {
  return b(zipMembers(200), repeat('PK\x03\x04', times(bytes, 4)), zipMembers(200).subarray(-22));
}

/** A member whose name is one long word, as a module's. */
export function zipLongName(bytes) {
  const length = Math.min(65_000, bytes);
  const name = b(repeat('.abi3', times(length, 5)), '.x');
  const local = b(
    'PK\x03\x04',
    Buffer.alloc(22),
    name.subarray(0, 0),
    Buffer.from([name.length & 255, name.length >> 8, 0, 0]),
    name,
  );
  const central = b(
    'PK\x01\x02',
    Buffer.alloc(24),
    Buffer.from([name.length & 255, name.length >> 8]),
    Buffer.alloc(16),
    name,
  );
  const end = b('PK\x05\x06\0\0\0\0\x01\0\x01\0', u32(central.length), u32(local.length), '\0\0');
  return b(local, central, end);
}

/** MLflow's description of a model as one long word. */
export function longWord(bytes) {
  return b('flavors: ', repeat('a', bytes), '\n');
}

/** Every one of them at about this size, with the name that it goes by. */
export function hostileFiles(bytes) {
  return [
    ...['R', 'NEWOBJ', 'NEWOBJ_EX', 'OBJ', 'INST', 'BUILD'].map((call) => ({
      name: `arguments-${call}.pkl`,
      make: () => nestedArguments(30, 8, call),
    })),
    { name: 'one-tuple.pkl', make: () => oneTupleManyCalls(bytes) },
    { name: 'float.pkl', make: () => line('F', '1', bytes) },
    { name: 'float-underscores.pkl', make: () => line('F', '1_', bytes, 'x') },
    { name: 'float-points.pkl', make: () => line('F', '1', bytes, '.e') },
    { name: 'int.pkl', make: () => line('I', '9', bytes, 'x') },
    { name: 'long.pkl', make: () => line('L', '9', bytes, 'Lx') },
    { name: 'string.pkl', make: () => line('S', '\\', bytes) },
    { name: 'unicode.pkl', make: () => line('V', '\\u005f', bytes) },
    { name: 'get.pkl', make: () => line('g', '1_', bytes, '1') },
    { name: 'put.pkl', make: () => line('Np', '1', bytes) },
    ...['straddled', 'nested', 'empty', 'beyond', 'deep'].map((kind) => ({
      name: `frames-${kind}.pkl`,
      make: () => frames(kind, bytes),
    })),
    { name: 'memo-laughs.pkl', make: () => memoLaughs(bytes) },
    { name: 'dups.pkl', make: () => dups(bytes) },
    { name: 'dup-tuples.pkl', make: () => dupTuples(bytes) },
    { name: 'marks.pkl', make: () => marks(bytes) },
    { name: 'protocols.pkl', make: () => protocols(bytes) },
    { name: 'sparse-memo.pkl', make: () => sparseMemo(bytes) },
    { name: 'nested-bytes.pkl', make: () => nestedBytes(200) },
    { name: 'many-blobs.pkl', make: () => manyBlobs(bytes) },
    { name: 'streams.pkl', make: () => streams(bytes) },
    { name: 'persistent-ids.pkl', make: () => persistentIds(bytes) },
    { name: 'names.pkl', make: () => names(bytes) },
    { name: 'kept-items.pkl', make: () => keptItems(bytes) },
    { name: 'arrays.joblib', make: () => joblibArrays(bytes, 2) },
    { name: 'dimensions.joblib', make: () => joblibArrays(bytes / 2, times(bytes, 4)) },
    { name: 'legacy.pt', make: () => legacyTorch(bytes) },
    { name: 'trailing.pkl', make: () => trailing(bytes) },
    { name: 'frames.lz4', make: () => lz4Frames(bytes) },
    { name: 'blocks.lz4', make: () => lz4Blocks(bytes) },
    { name: 'members.gz', make: () => gzipMembers(bytes) },
    { name: 'members.zip', make: () => zipMembers(bytes) },
    { name: 'headers.zip', make: () => zipHeaders(bytes) },
    { name: 'long-name.zip', make: () => zipLongName(bytes) },
    { name: 'MLmodel', make: () => longWord(bytes) },
  ];
}
