import { printableName } from '../../formats/index.ts';
import { findLocal, readLocal, unlisted } from '../../formats/zip/index.ts';
import { judgeStray, yieldToEventLoop } from '../scanner/index.ts';
import { scanMember } from './member.ts';
import { ZIP_RULES } from './rules.ts';
import type { Span, ZipScan } from './zip-scan.ts';

/** Bytes of gaps that are searched of a file whose every byte is fetched. */
const MAX_FAR_GAP = 64 * 1024 * 1024;

/** Units of work of one look for a header. */
const SEARCH_WORK = 64;

/**
 * What lies between, before and behind the members that the directory lists: members that it does not, padding, something
 * else. @param used what the archive takes up @param archiveEnd where the directory begins
 */
export async function scanGaps(scan: ZipScan, used: readonly Span[], archiveEnd: number): Promise<void> {
  const { target, context } = scan;
  const { size } = target.source;
  let found = 0;
  for (const gap of gapsOf(used, size)) {
    if (target.distance === 'far' && gap.end - gap.start > MAX_FAR_GAP) {
      context.incomplete(`${gap.end - gap.start} bytes at ${gap.start} belong to no member and were not downloaded`);
      continue;
    }
    found += await scanGap(scan, gap, archiveEnd, context.limits.maxMembers - found);
    if (found >= context.limits.maxMembers) {
      context.incomplete(`more than ${context.limits.maxMembers} unlisted members (maxMembers)`);
      return;
    }
  }
}

function gapsOf(used: readonly Span[], size: number): Span[] {
  const gaps: Span[] = [];
  let at = 0;
  for (const { start, end } of [...used].sort((a, b) => a.start - b.start)) {
    if (start > at) gaps.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < size) gaps.push({ start: at, end: size });
  return gaps;
}

/** @returns how many unlisted members the gap held */
async function scanGap(scan: ZipScan, gap: Span, archiveEnd: number, most: number): Promise<number> {
  const { source } = scan.target;
  let found = 0;
  /** Bytes from here on are not covered yet; bytes from `search` on were not searched for a header. */
  let from = gap.start;
  let search = gap.start;
  while (search < gap.end && found < most) {
    await yieldToEventLoop(scan.context.signal);
    scan.context.budget.work(SEARCH_WORK);
    const at = await findLocal(source, search, gap.end);
    if (at === undefined) break;
    const local = await readLocal(source, at);
    if (local === undefined || local.rawName === '' || at + local.length > gap.end) {
      search = at + 4;
      continue;
    }
    await strayOf(scan, { start: from, end: at }, archiveEnd);
    found++;
    const name = printableName(local.name);
    scan.say(ZIP_RULES.unlisted, local.name, `The member "${name}" is not in the directory.`, at);
    const { end } = await scanMember(scan, unlisted(local, at, gap.end));
    from = search = Math.max(end, at + local.length);
  }
  await strayOf(scan, { start: from, end: gap.end }, archiveEnd);
  return found;
}

async function strayOf({ target, context }: ZipScan, { start, end }: Span, archiveEnd: number): Promise<void> {
  if (start === 0) {
    await judgeStray(target, context, {
      start,
      end,
      name: '(prefix)',
      rule: ZIP_RULES.prefix,
      what: 'Bytes precede the archive',
      zerosToo: true,
    });
  } else if (start >= archiveEnd) {
    await judgeStray(target, context, {
      start,
      end,
      name: '(suffix)',
      rule: ZIP_RULES.suffix,
      what: 'Bytes follow the archive',
      zerosToo: true,
    });
  } else {
    const name = `(gap at ${start})`;
    await judgeStray(target, context, {
      start,
      end,
      name,
      rule: ZIP_RULES.hidden,
      what: 'Bytes between the members belong to no member',
    });
  }
}
