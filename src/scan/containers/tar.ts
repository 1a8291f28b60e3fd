import { SliceSource } from '../../core/bytes/index.ts';
import { isContentError } from '../../core/index.ts';
import { escapes, isDeceptive, linkEscapes, printableName, safeName } from '../../formats/index.ts';
import { NOBODY, PANDAS, PANDAS_AGAIN, readStream, SILENT, TORCH, WEIGHTS_ONLY } from '../../formats/pickle/index.ts';
import {
  readTar,
  type TarMember,
  TORCH_TAR_MEMBERS,
  type TorchTarProbe,
  torchTarParts,
} from '../../formats/tar/index.ts';
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

/** PyTorch before 2.6 reads such an archive with weights_only as well. */
const TORCH_PART = { within: 'torch', loaders: TORCH | WEIGHTS_ONLY } as const;

const RULES = {
  traversal: {
    id: 'tar.path-traversal',
    title: 'A tar member would be written outside the folder it is extracted to',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      "A member's name, or what a link in the archive points to, is absolute or climbs out with `..`. A program that extracts without checking writes, through it, over files of its user's (CVE-2007-4559).",
    remedy: 'Do not extract it. No honest writer makes such members.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22', 'CWE-59'],
  },
  device: structureRule(
    'tar.device',
    'A tar member is a device or a pipe',
    'Model archives hold files and folders. A device that is extracted by a privileged user gives access to hardware.',
  ),
  link: structureRule(
    'tar.link',
    'A tar member is a link',
    'The link stays within the archive, yet what is read through it is another member, and what is written through it lands elsewhere.',
  ),
  duplicate: structureRule(
    'tar.duplicate-member',
    'Two members of a tar have one name',
    'The later one replaces the earlier when extracted; loaders that read by name may take either. All are scanned.',
  ),
  name: structureRule(
    'tar.odd-name',
    "A member's name holds characters that hide what it is",
    'Control characters and characters that change the direction of writing make a name look like another.',
  ),
  trailing: structureRule(
    'tar.trailing-bytes',
    'Something follows the end of a tar',
    'Readers stop at a zero block. What follows is read by none of them, or only with an option to continue.',
  ),
} as const satisfies Record<string, Rule>;

/** Links inside an archive are common where folders are packed (a virtual environment): advice. */
const LINK: Rule = { ...RULES.link, severity: 'low', verdict: 'none' };

export const tarScanner: Scanner = {
  id: 'tar',
  formats: ['tar'],
  rules: [...Object.values(RULES).filter((rule) => rule.id !== LINK.id), LINK],
  async scanFile(target, context) {
    const torch = await isTorchTar(target, context);
    if (torch) context.identified('torch-tar');
    const members = readTar(target.source, context.limits);
    const names = new Set<string>();
    let step = await members.next();
    for (; step.done !== true; step = await members.next()) {
      await yieldToEventLoop(context.signal);
      judgeMember(context, step.value, names);
      await scanMember(target, context, step.value, torch);
    }
    context.lists([...names]);
    await judgeStray(target, context, {
      start: step.value,
      end: target.source.size,
      name: '(trailing)',
      rule: RULES.trailing,
      what: 'Something follows the end of the archive',
    });
  },
};

/** The first four files are what PyTorch before 0.2 wrote. */
async function isTorchTar({ source }: ScanTarget, { limits }: ScanContext): Promise<boolean> {
  const found = new Set<string>();
  try {
    for await (const { name } of readTar(source, limits)) {
      found.add(name.replace(/^\.\//, ''));
      if (found.size > TORCH_TAR_MEMBERS.length + 2) break;
    }
  } catch (error) {
    // The scan proper meets it again, and says so.
    if (!isContentError(error)) throw error;
  }
  return TORCH_TAR_MEMBERS.slice(1).every((name) => found.has(name));
}

function judgeMember(context: ScanContext, member: TarMember, names: Set<string>): void {
  const { name, linkName, kind, start: offset } = member;
  const shown = printableName(name);
  const say = (rule: Rule, message: string) => context.report({ rule, subject: name, offset, message });
  const why = escapes(name);
  if (why !== undefined) say(RULES.traversal, `The member name "${shown}" ${why}.`);
  if (isDeceptive(name)) say(RULES.name, `The member name "${shown}" holds characters that do not show.`);
  if (names.has(name) && kind !== 'folder') say(RULES.duplicate, `More than one member is named "${shown}".`);
  if (kind === 'device') say(RULES.device, `The member "${shown}" is a device or a pipe.`);
  if (kind === 'symlink' || kind === 'hardlink') {
    // A hard link's target is counted from the archive's root, a symbolic one's from where it stands.
    const out = linkEscapes(kind === 'symlink' ? name : 'x', linkName);
    const what = `The member "${shown}" is a link to "${printableName(linkName)}"`;
    if (out) say(RULES.traversal, `${what}, out of the folder.`);
    else say(LINK, `${what}.`);
  }
  names.add(name);
}

async function scanMember(
  { source }: ScanTarget,
  context: ScanContext,
  member: TarMember,
  torch: boolean,
): Promise<void> {
  const { name, kind, start, dataStart, dataEnd, end } = member;
  context.cover(start, dataStart, 'parsed');
  context.cover(dataEnd, end, 'parsed');
  const shown = printableName(name);
  if (kind === 'sparse' || kind === 'other')
    context.incomplete(`the member "${shown}" is of a tar type that is not supported`);
  if (dataEnd === dataStart) return;
  const content = new SliceSource(source, dataStart, dataEnd - dataStart, `${source.name}!${shown}`);
  if (torch && (name === 'storages' || name === 'tensors')) await scanTorchParts(context, content, name);
  else
    await context.member(
      content,
      safeName(name),
      torch ? { storedAt: dataStart, ...TORCH_PART } : { storedAt: dataStart, loaders: PANDAS | PANDAS_AGAIN },
    );
}

async function scanTorchParts(context: ScanContext, content: SliceSource, name: string): Promise<void> {
  const probe: TorchTarProbe = async (source, start) => {
    const names: string[] = [];
    const handler = {
      ...SILENT,
      onImport: (global: { module: string; name: string }) => {
        names.push(`${global.module}.${global.name}`);
        return NOBODY;
      },
    };
    const { limits, signal, budget } = context;
    const { end, position, state } = await readStream(source, start, handler, { limits, signal, budget });
    state.close();
    return end.kind === 'stop' ? { end: position, names } : undefined;
  };
  let reached = 0;
  try {
    for await (const part of torchTarParts(name, content, probe)) {
      const at = content.start + part.start;
      reached = part.end;
      if (part.kind === 'raw') {
        context.cover(at, content.start + part.end, 'opaque', 'raw numbers of a legacy PyTorch archive');
        continue;
      }
      const pickle = new SliceSource(content.parent, at, part.end - part.start, content.name);
      await context.member(pickle, `${name}@${part.start}`, { storedAt: at, ...TORCH_PART });
    }
  } catch (error) {
    if (!isContentError(error)) throw error;
    // Not as PyTorch writes it: then the rest is whatever its first bytes say.
    context.incomplete(`the member "${name}": ${error.message}`);
    const rest = new SliceSource(content.parent, content.start + reached, content.size - reached, content.name);
    if (rest.size > 0) await context.member(rest, `${name}@${reached}`, { storedAt: rest.start, ...TORCH_PART });
  }
}
