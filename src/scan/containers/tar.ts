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
      "A member's name, or the target of a link in the archive, is an absolute path or leads out of the folder with `..`. A program that extracts the archive without checking names overwrites files of its user (CVE-2007-4559).",
    remedy: 'Do not extract it. No archiving program writes such members by itself.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22', 'CWE-59'],
  },
  device: structureRule(
    'tar.device',
    'A tar member is a device or a pipe',
    'Model archives hold files and folders. When a privileged user extracts a device, the device gives access to hardware.',
  ),
  link: structureRule(
    'tar.link',
    'A tar member is a link',
    'The target of the link is within the archive. A program that reads through the link reads another member; one that writes through it changes another member.',
  ),
  duplicate: structureRule(
    'tar.duplicate-member',
    'Two members of a tar archive have one name',
    'Extraction replaces the earlier member with the later one; loaders that read by name can take either. Assay scans both.',
  ),
  name: structureRule(
    'tar.odd-name',
    "A member's name holds characters that disguise it",
    'Control characters, and characters that change the direction of text, make a name look like another name.',
  ),
  trailing: structureRule(
    'tar.trailing-bytes',
    'Bytes follow the end of a tar archive',
    'Readers stop at a zero block. They do not read the bytes after it, or read them only with an option to continue.',
  ),
} as const satisfies Record<string, Rule>;

/** Links within an archive are common in packed folders (a virtual environment), so the rule is advice. */
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
      what: 'Bytes follow the end of the archive',
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
    // The scan itself meets the error again, and reports it.
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
  if (isDeceptive(name)) say(RULES.name, `The member name "${shown}" holds invisible characters.`);
  if (names.has(name) && kind !== 'folder') say(RULES.duplicate, `More than one member is named "${shown}".`);
  if (kind === 'device') say(RULES.device, `The member "${shown}" is a device or a pipe.`);
  if (kind === 'symlink' || kind === 'hardlink') {
    // The target of a hard link is relative to the root of the archive, that of a symbolic link to the folder of the link.
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
        context.cover(at, content.start + part.end, 'opaque', 'raw numbers of a PyTorch archive from before 0.2');
        continue;
      }
      const pickle = new SliceSource(content.parent, at, part.end - part.start, content.name);
      await context.member(pickle, `${name}@${part.start}`, { storedAt: at, ...TORCH_PART });
    }
  } catch (error) {
    if (!isContentError(error)) throw error;
    // Not as PyTorch writes it: the rest is scanned as the format that its first bytes indicate.
    context.incomplete(`the member "${name}": ${error.message}`);
    const rest = new SliceSource(content.parent, content.start + reached, content.size - reached, content.name);
    if (rest.size > 0) await context.member(rest, `${name}@${reached}`, { storedAt: rest.start, ...TORCH_PART });
  }
}
