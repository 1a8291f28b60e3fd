import { crc32 } from 'node:zlib';
import { type ByteSource, chunks, SliceSource } from '../../core/bytes/index.ts';
import { isContentError } from '../../core/index.ts';
import { type Codec, decode, type Expanded, expandStream } from '../../formats/compressed/index.ts';
import { printableName, safeName } from '../../formats/index.ts';
import { NUMPY, PANDAS, PANDAS_AGAIN, TORCH, TORCHSCRIPT, WEIGHTS_ONLY } from '../../formats/pickle/index.ts';
import { FLAG_LZMA_END, lzmaAlone, type ZipMember } from '../../formats/zip/index.ts';
import { activeFormat, judgeStray, leaveUnjudged, type MemberOptions, yieldToEventLoop } from '../scanner/index.ts';
import { EXPORT_RULES } from '../torchscript/index.ts';
import type { ScriptProgram } from '../torchscript/judge/index.ts';
import { isTorch } from './layout.ts';
import { readMember } from './read-member.ts';
import { ZIP_RULES } from './rules.ts';
import { storageRecords } from './storages.ts';
import type { ZipScan } from './zip-scan.ts';

const STORED = 0;
const LZMA = 14;
/** Methods whose data is a stream of a codec (APPNOTE 4.4.5). */
const CODECS: Readonly<Record<number, Codec>> = {
  8: 'deflate',
  12: 'bzip2',
  20: 'zstd',
  93: 'zstd',
  95: 'xz',
  [LZMA]: 'lzma',
};

export interface MemberOutcome {
  /** The end of the member's data, by its own stream. */
  readonly end: number;
  /** Read to its end, with the announced checksum. */
  readonly sound: boolean;
}

/** Scans the content of one member, and compares it with the size and checksum that the archive states. */
export async function scanMember(scan: ZipScan, member: ZipMember): Promise<MemberOutcome> {
  const { context } = scan;
  context.cover(member.start, member.dataStart, 'parsed');
  context.cover(member.dataEnd, member.end, 'parsed');
  if (scan.layout.role(member.name) === 'module') {
    scan.say(
      ZIP_RULES.packaged,
      member.name,
      `The archive carries the Python module "${printableName(member.name)}".`,
      member.start,
    );
  }
  if (member.method === STORED) return scanStored(scan, member);
  const codec = CODECS[member.method];
  if (codec !== undefined) return scanCompressed(scan, member, codec);
  context.incomplete(
    `the member "${printableName(member.name)}" uses zip method ${member.method}, which is not supported`,
  );
  return { end: member.dataEnd, sound: false };
}

async function scanStored(scan: ZipScan, member: ZipMember): Promise<MemberOutcome> {
  const { target } = scan;
  const { dataStart, dataEnd, name } = member;
  const size = dataEnd - dataStart;
  if (member.size !== undefined && member.size !== size) {
    scan.say(ZIP_RULES.mismatch, name, `The stored member "${printableName(name)}" has two sizes.`, member.start);
  }
  if (size === 0) return { end: dataEnd, sound: true };
  await scanContent(
    scan,
    member,
    new SliceSource(target.source, dataStart, size, `${target.source.name}!${printableName(name)}`),
    dataStart,
  );
  if (target.distance === 'far' || member.crc === undefined) return { end: dataEnd, sound: false };
  const crc = await checksum(scan, dataStart, dataEnd);
  return { end: dataEnd, sound: judgeCrc(scan, member, crc) };
}

async function checksum({ target, context }: ZipScan, start: number, end: number): Promise<number> {
  let crc = 0;
  for await (const chunk of chunks(target.source, start, end)) {
    await yieldToEventLoop(context.signal);
    crc = crc32(chunk, crc);
  }
  return crc;
}

function judgeCrc({ say }: ZipScan, member: ZipMember, crc: number): boolean {
  if (member.crc === undefined || crc === member.crc) return true;
  say(
    ZIP_RULES.crc,
    member.name,
    `The member "${printableName(member.name)}" does not match its checksum.`,
    member.start,
  );
  return false;
}

async function scanCompressed(scan: ZipScan, member: ZipMember, codec: Codec): Promise<MemberOutcome> {
  const { target, context, say } = scan;
  const { dataStart, dataEnd, name } = member;
  const shown = printableName(name);
  const slice = new SliceSource(target.source, dataStart, dataEnd - dataStart, `${target.source.name}!${shown}`);
  const stored =
    member.method === LZMA ? await lzmaAlone(slice, member.size, (member.local.flags & FLAG_LZMA_END) !== 0) : slice;
  let crc = 0;
  const { limits, signal, budget } = context;
  const expanded = await expandStream(decode(codec, stored, { limits, signal, budget }), {
    name: stored.name,
    inputSize: stored.size,
    budget,
    limits,
    signal,
    onChunk: (chunk) => {
      crc = crc32(chunk, crc);
    },
  });
  const { size } = expanded.source;
  if (size > 0) await scanContent(scan, member, expanded.source, undefined);
  else await expanded.source.close();
  const end = await judgeEnd(scan, member, expanded);
  if (expanded.stopped !== undefined) return { end, sound: false };
  if (member.size !== undefined && member.size !== size) {
    say(
      ZIP_RULES.mismatch,
      name,
      `The member "${shown}" has ${size} bytes, but the archive states ${member.size}.`,
      member.start,
    );
  }
  return { end, sound: judgeCrc(scan, member, crc) };
}

/** What is left of the member's data behind its stream. An unlisted member's data was taken to reach as far as it could. */
async function judgeEnd({ target, context }: ZipScan, member: ZipMember, { end, stopped }: Expanded): Promise<number> {
  const { dataStart, dataEnd, name } = member;
  const shown = printableName(name);
  if (stopped !== undefined) {
    context.incomplete(`the member "${shown}": ${stopped.message}`);
    return dataEnd;
  }
  if (end?.consumed === undefined) {
    context.incomplete(`the member "${shown}": bytes follow its compressed stream`);
    return dataEnd;
  }
  // An LZMA member's header is another one than the codec's, which tells only that all was taken.
  const at = member.method === LZMA ? dataEnd : dataStart + end.consumed;
  context.cover(dataStart, at, 'parsed');
  if (member.size === undefined) return at;
  const what = `Bytes follow the compressed stream of "${shown}"`;
  await judgeStray(target, context, {
    start: at,
    end: dataEnd,
    name: `${shown}(trailing)`,
    rule: ZIP_RULES.trailing,
    what,
  });
  return dataEnd;
}

/** The loaders that read a member of an archive of this layout, and the kind of content they expect. */
function readersOf({ layout }: ZipScan, { name }: ZipMember): MemberOptions {
  if (layout.format === 'torchscript') return { within: 'torchscript', loaders: TORCHSCRIPT };
  if (isTorch(layout)) return { within: 'torch', loaders: TORCH | WEIGHTS_ONLY };
  return { loaders: name.endsWith('.npy') ? NUMPY : PANDAS | PANDAS_AGAIN };
}

/** @param storedAt where the content's bytes stand in the archive; `undefined` when they were decompressed */
async function scanContent(
  scan: ZipScan,
  member: ZipMember,
  source: ByteSource,
  storedAt: number | undefined,
): Promise<void> {
  const { context, layout, say } = scan;
  const role = layout.role(member.name);
  const place = storedAt === undefined ? {} : { storedAt };
  const options: MemberOptions = { ...place, ...readersOf(scan, member), ...besides(scan, member.name) };
  if (role === 'code') {
    await (await programOf(scan)).source(source, printableName(member.name), storedAt);
    await source.close();
    return;
  }
  if (role === 'schema' && (await judgeSchema(scan, source))) {
    if (storedAt !== undefined) context.cover(storedAt, storedAt + source.size, 'parsed');
    await source.close();
    return;
  }
  if (role === 'mojo' && (await judgeMojo(scan, member.name, source))) {
    if (storedAt !== undefined) context.cover(storedAt, storedAt + source.size, 'parsed');
    await source.close();
    return;
  }
  if (role === 'program') {
    const { judgeExportedProgram } = await import('../torchscript/judge/index.ts');
    await judgeExportedProgram(context, source, printableName(member.name), storedAt);
    await source.close();
    return;
  }
  if (role === 'native')
    say(
      EXPORT_RULES.native,
      member.name,
      `The package holds code that loading runs: "${printableName(member.name)}".`,
      member.start,
    );
  if (role === 'bytecode') await judgeBytecode(scan, source, printableName(member.name));
  if (role === 'storage') {
    const format = await activeFormat(source, context);
    if (format === undefined) {
      if (storedAt !== undefined) {
        context.cover(
          storedAt,
          storedAt + source.size,
          'opaque',
          'raw tensor storage: reached only through a persistent id, read as numbers',
        );
      }
      await source.close();
      return;
    }
    say(
      ZIP_RULES.storage,
      member.name,
      `The tensor storage "${printableName(member.name)}" is ${format.title}.`,
      member.start,
    );
  }
  await context.member(source, safeName(member.name), options);
}

/** @returns whether the member was read to its end: a tree; settings are also judged as text */
async function judgeMojo({ context }: ZipScan, name: string, source: ByteSource): Promise<boolean> {
  const { isJudgedTree, judgeMojoSettings } = await import('../mojo/judge/index.ts');
  if (!name.endsWith('model.ini')) return await isJudgedTree(source, name, context);
  await judgeMojoSettings(source, context);
  return false;
}

async function judgeSchema(scan: ZipScan, source: ByteSource): Promise<boolean> {
  const { judgeSkops } = await import('../skops/judge/index.ts');
  const judged = await judgeSkops(source, (name) => readMember(scan, name), scan.context);
  if (!judged)
    leaveUnjudged(scan.context, 'format.skops.scan', 'The archive has a schema.json that is not one of skops.');
  return judged;
}

/** The archive's code, whose judge is loaded with its first file. */
async function programOf(scan: ZipScan): Promise<ScriptProgram> {
  if (scan.program === undefined) {
    const { ScriptProgram } = await import('../torchscript/judge/index.ts');
    scan.program = new ScriptProgram(scan.context);
  }
  return scan.program;
}

/** The pickle is scanned as any other, too. */
async function judgeBytecode(scan: ZipScan, source: ByteSource, name: string): Promise<void> {
  try {
    await (await programOf(scan)).bytecode(source, name);
  } catch (error) {
    if (!isContentError(error)) throw error;
    scan.context.incomplete(`the bytecode "${name}" was not read: ${error.message}`);
  }
}

/** The storages that a pickle's persistent ids may name. */
function besides({ layout, entries, context }: ZipScan, pickle: string): Pick<MemberOptions, 'records'> {
  const names = layout.storagesOf(pickle);
  return names === undefined ? {} : { records: storageRecords(entries, names, context.budget) };
}
