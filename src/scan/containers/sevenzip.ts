import { expandStream } from '../../formats/compressed/index.ts';
import { escapes, printableName, safeName } from '../../formats/index.ts';
import { readSevenZip, type SevenZipEvent } from '../../formats/sevenzip/index.ts';
import {
  judgeStray,
  type Rule,
  type ScanContext,
  type Scanner,
  type ScanTarget,
  SUPPLY_CHAIN,
  structureRule,
  yieldToEventLoop,
} from '../scanner/index.ts';

const RULES = {
  traversal: {
    id: 'sevenzip.path-traversal',
    title: 'A 7z member would be written outside the folder it is extracted to',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      "A member's name is an absolute path, or leads out of the folder with `..`. A program that extracts the archive without checking names overwrites files of its user.",
    remedy: 'Do not extract it. No archiving program writes such names by itself.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22'],
  },
  link: structureRule(
    'sevenzip.symlink',
    'A 7z member is a symbolic link',
    'Model archives hold files. After extraction, a program that reads or writes through the link reaches the file that the link points to.',
  ),
  duplicate: structureRule(
    'sevenzip.duplicate-member',
    'Two members of a 7z archive have one name',
    'Loaders differ on which of the two they read. Assay scans both.',
  ),
  trailing: structureRule(
    'sevenzip.trailing-bytes',
    'Bytes follow the end of a 7z archive',
    'No reader of the archive reads these bytes, so they can hide anything.',
  ),
} as const satisfies Record<string, Rule>;

/**
 * A 7z archive, extracted in the sandbox. PyTorch does not read 7z: a 7z archive with the name of a model is meant to evade
 * scanners.
 */
export const sevenZipScanner: Scanner = {
  id: '7z',
  formats: ['7z'],
  rules: Object.values(RULES),
  async scanFile(target, context) {
    const { limits, signal } = context;
    const names = new Set<string>();
    let owed = 0;
    for await (const event of readSevenZip(target.source, { limits, signal })) {
      await yieldToEventLoop(signal);
      if (event.kind === 'listed') {
        judgeEntry(context, event.entry, names);
        if (event.entry.filled) owed++;
      } else if (event.kind === 'member') {
        if (await scanMember(target, context, event)) owed--;
      } else await judgeEnd(target, context, event);
    }
    if (owed > 0) context.incomplete(`${owed} members could not be extracted`);
    context.lists([...names]);
  },
};

function judgeEntry(context: ScanContext, { name, link }: { name: string; link: boolean }, names: Set<string>): void {
  const shown = printableName(name);
  const why = escapes(name);
  if (why !== undefined)
    context.report({ rule: RULES.traversal, subject: name, message: `The member name "${shown}" ${why}.` });
  if (link) context.report({ rule: RULES.link, subject: name, message: `The member "${shown}" is a symbolic link.` });
  if (names.has(name))
    context.report({ rule: RULES.duplicate, subject: name, message: `More than one member is named "${shown}".` });
  names.add(name);
}

/** @returns whether it has bytes */
async function scanMember(
  target: ScanTarget,
  context: ScanContext,
  member: SevenZipEvent & { kind: 'member' },
): Promise<boolean> {
  const { budget, limits, signal } = context;
  const name = safeName(member.name);
  const { source, stopped } = await expandStream(member.bytes, {
    name: `${target.source.name}!${printableName(name)}`,
    inputSize: target.source.size,
    budget,
    limits,
    signal,
  });
  const { size } = source;
  if (size > 0) await context.member(source, name);
  else await source.close();
  if (stopped !== undefined) context.incomplete(`the member "${printableName(name)}": ${stopped.message}`);
  return size > 0;
}

async function judgeEnd(target: ScanTarget, context: ScanContext, end: SevenZipEvent & { kind: 'end' }): Promise<void> {
  const what = 'Bytes follow the end of the archive';
  if (end.stopped !== undefined) context.incomplete(end.stopped.message);
  else if (end.size === undefined) context.incomplete('the end of the archive is not known');
  else {
    context.cover(0, end.size, 'parsed');
    const stray = { start: end.size, end: target.source.size, name: '(trailing)', rule: RULES.trailing, what };
    await judgeStray(target, context, stray);
  }
}
