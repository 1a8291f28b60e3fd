import { escapes, isDeceptive, linkEscapes, printableName } from '../../formats/index.ts';
import {
  directoryMemory,
  FLAG_ENCRYPTED,
  locate,
  readDirectory,
  unlisted,
  type ZipDirectory,
  type ZipEntry,
  type ZipMember,
} from '../../formats/zip/index.ts';
import { MOJO_RULES } from '../mojo/index.ts';
import { type ScanContext, type Scanner, type ScanTarget, yieldToEventLoop } from '../scanner/index.ts';
import { SKOPS_RULES } from '../skops/index.ts';
import { EXPORT_RULES, TORCHSCRIPT_RULES } from '../torchscript/index.ts';
import { chainedArchives, scanChain } from './chain.ts';
import { scanGaps } from './gaps.ts';
import { layoutOf } from './layout.ts';
import { scanMember } from './member.ts';
import { zipOddity } from './oddities.ts';
import { ZIP_RULES } from './rules.ts';
import type { Span, ZipScan } from './zip-scan.ts';

/**
 * Members that overlap others, and members read once more as their own headers say, which are looked at all the same, by
 * depth: archives that overlap within archives that overlap multiply.
 */
const MAX_REREAD = [16, 4];
const LINK = 0xa000;
const MODE_TYPE = 0xf000;
const MAX_LINK = 4096;

export const zipScanner: Scanner = {
  id: 'zip',
  formats: ['zip'],
  rules: [
    ...Object.values(ZIP_RULES),
    ...Object.values(TORCHSCRIPT_RULES),
    ...Object.values(EXPORT_RULES),
    ...Object.values(SKOPS_RULES),
    ...Object.values(MOJO_RULES),
  ],
  async scanFile(target, context) {
    const directory = await readDirectory(target.source, context.limits, context.budget);
    try {
      const chain = directory === undefined ? undefined : await chainedArchives(target, context, directory);
      if (chain === undefined) await scanZip(target, context, directory);
      else await scanChain(target, context, chain);
    } finally {
      if (directory !== undefined) context.budget.release(directoryMemory(directory));
    }
  },
};

async function scanZip(target: ScanTarget, context: ScanContext, directory: ZipDirectory | undefined): Promise<void> {
  const entries = directory?.entries ?? [];
  const layout = layoutOf(entries.map((entry) => entry.name));
  const membersEnd = directory?.start ?? target.source.size;
  const rereadsLeft = MAX_REREAD[target.depth] ?? 0;
  const program = undefined;
  const scan: ZipScan = { target, context, layout, entries, rereadsLeft, program, membersEnd, say: sayer(context) };
  if (layout.format !== undefined) context.identified(layout.format);
  const used: Span[] = [];
  if (directory === undefined) context.incomplete('the zip archive has no directory: it is cut off, or broken');
  else {
    judgeDirectory(scan, directory);
    used.push({ start: directory.start, end: directory.end }, ...directory.records);
    used.push(...(await scanListed(scan, directory.entries)));
  }
  await scanGaps(scan, used, membersEnd);
  scan.program?.finish();
}

function sayer(context: ScanContext): ZipScan['say'] {
  return (rule, subject, message, offset) =>
    context.report(offset === undefined ? { rule, subject, message } : { rule, subject, message, offset });
}

function judgeDirectory({ context, say }: ZipScan, directory: ZipDirectory): void {
  context.cover(directory.start, directory.end, 'parsed');
  for (const { start, end } of directory.records) context.cover(start, end, 'parsed');
  context.lists(directory.entries.map((entry) => entry.name));
  for (const oddity of directory.oddities) {
    const { subject, message } = zipOddity(oddity);
    say(ZIP_RULES.directory, subject, message, directory.start);
  }
  const counts = new Map<string, number>();
  for (const { rawName, name } of directory.entries) {
    const count = (counts.get(rawName) ?? 0) + 1;
    counts.set(rawName, count);
    if (count === 2) say(ZIP_RULES.duplicate, name, `More than one member is named "${printableName(name)}".`);
    judgeName(say, name);
  }
}

function judgeName(say: ZipScan['say'], name: string): void {
  const why = escapes(name);
  if (why !== undefined) say(ZIP_RULES.traversal, name, `The member name "${printableName(name)}" ${why}.`);
  if (isDeceptive(name))
    say(ZIP_RULES.name, name, `The member name "${printableName(name)}" holds invisible characters.`);
}

/** Every listed member, by rising offset, so that the file is read in order. @returns what they take up */
async function scanListed(scan: ZipScan, entries: readonly ZipEntry[]): Promise<Span[]> {
  const used: Span[] = [];
  const seen = new Set<string>();
  let reach = 0;
  let overlapping = 0;
  for (const entry of [...entries].sort((a, b) => a.localOffset - b.localOffset)) {
    await yieldToEventLoop(scan.context.signal);
    const member = await located(scan, entry);
    if (member === undefined) continue;
    used.push({ start: member.start, end: member.end });
    const place = `${member.start}:${member.dataEnd}:${member.method}`;
    if (seen.has(place)) {
      scan.say(
        ZIP_RULES.overlap,
        member.name,
        `The member "${printableName(member.name)}" is listed twice at one offset.`,
        member.start,
      );
      continue;
    }
    seen.add(place);
    const overlaps = member.start < reach;
    if (overlaps && ++overlapping === 1) {
      scan.say(
        ZIP_RULES.overlap,
        member.name,
        `The member "${printableName(member.name)}" begins within another member.`,
        member.start,
      );
    }
    reach = Math.max(reach, member.end);
    if (!overlaps || mayReread(scan)) await judgeMember(scan, entry, member);
  }
  return used;
}

async function located({ target, context, say }: ZipScan, entry: ZipEntry): Promise<ZipMember | undefined> {
  const member = await locate(target.source, entry);
  if (member !== undefined) return member;
  say(
    ZIP_RULES.mismatch,
    entry.name,
    `The member "${printableName(entry.name)}" is not at the offset that the directory states.`,
  );
  context.incomplete(`the member "${printableName(entry.name)}" is not at the offset that the zip directory states`);
  return undefined;
}

async function judgeMember(scan: ZipScan, entry: ZipEntry, member: ZipMember): Promise<void> {
  const { say, context } = scan;
  const { differences, local, name, start } = member;
  if (differences.length > 0) {
    say(
      ZIP_RULES.mismatch,
      name,
      `The header of "${printableName(name)}" contradicts the directory: ${differences.join(', ')}.`,
      start,
    );
    if (local.name !== name) judgeName(say, local.name);
  }
  const encrypted = ((entry.flags | local.flags) & FLAG_ENCRYPTED) !== 0;
  if (encrypted) say(ZIP_RULES.encrypted, name, `The member "${printableName(name)}" is marked as encrypted.`, start);
  if ((entry.mode & MODE_TYPE) === LINK) await judgeLink(scan, member);
  const { sound } = await scanMember(scan, member);
  if (encrypted && !sound) context.incomplete(`the member "${printableName(name)}" is encrypted`);
  if (!differences.includes('method') && !differences.includes('compressed size')) return;
  if (mayReread(scan)) await scanMember(scan, unlisted(local, start, Math.max(scan.membersEnd, member.end)));
}

function mayReread(scan: ZipScan): boolean {
  if (scan.rereadsLeft-- > 0) return true;
  scan.context.incomplete(
    'members overlap or contradict the zip directory: Assay did not scan each of them in every way that loaders read it',
  );
  return false;
}

async function judgeLink({ target, say }: ZipScan, member: ZipMember): Promise<void> {
  const length = Math.min(member.dataEnd - member.dataStart, MAX_LINK);
  const bytes = await target.source.read(member.dataStart, length);
  const to = Buffer.from(bytes).toString('utf8');
  const shown = `The member "${printableName(member.name)}" is a link to "${printableName(to)}"`;
  if (member.method === 0 && linkEscapes(member.name, to))
    say(ZIP_RULES.traversal, member.name, `${shown}, out of the folder.`, member.start);
  else say(ZIP_RULES.link, member.name, `${shown}.`, member.start);
}
