import { AssayError, DEFAULT_LIMITS, isContentError } from '../../../core/index.ts';
import { inspectPickle } from '../../../formats/pickle/inspect/index.ts';
import { type FileScanResult, formatTitles } from '../../../pipeline/index.ts';
import { count, humanBytes, type Ink, paint, terminalText } from '../../../report/index.ts';
import { VERDICT_INK } from '../../../report/table/index.ts';
import type { ScanTarget } from '../../../scan/scanner/index.ts';
import { type OneFile, withOneFile } from '../../judging/index.ts';
import { type Shell, wantsColor } from '../../terminal/index.ts';
import { previewPickle } from './preview.ts';
import type { InspectFlags } from './request.ts';

const MAX_INSTRUCTIONS = 1_000;
/** Members listed of one file. */
const MAX_MEMBERS = 1_000;
/** Characters of one line of a listing. */
const MAX_LINE = 400;

interface Node {
  /** Empty for the file itself. */
  readonly path: string;
  readonly depth: number;
  readonly format: string;
  readonly isPickle: boolean;
  readonly size: number;
  readonly storedAt: number | undefined;
}

/** Prints the tree of a file, and what its pickles do. */
export async function runInspect(ref: string, flags: InspectFlags, shell: Shell): Promise<void> {
  const ink = inkFor(shell, flags);
  const print = (line: string) => void shell.stdout.write(`${line}\n`);
  await withOneFile(ref, { signal: shell.signal, offline: flags.offline }, async (one) => {
    const nodes: Node[] = [];
    const scanned = await one.scan(
      async (target, format, storedAt) => void nodes.push(nodeOf(target, format, storedAt)),
    );
    const chosen = nodes.filter((node) => node.isPickle && (flags.member === undefined || flags.member === node.path));
    if (flags.member !== undefined && chosen.length === 0) throw noMember(flags.member, nodes);
    printTree(one.file.path, nodes, scanned, ink, print);
    if (flags.member === undefined) await showModels(one, scanned.format, flags, shell);
    await listPickles(one, new Set(chosen.map(({ path }) => path)), scanned, flags, shell, ink);
  });
}

function inkFor(shell: Shell, flags: InspectFlags): (ink: Ink, text: string) => string {
  return wantsColor(shell.stdout, shell.env, flags.color) ? paint : (_, text) => text;
}

function nodeOf(target: ScanTarget, format: string, storedAt: number | undefined): Node {
  const { member = '', depth, source } = target;
  return { path: member, depth, format, isPickle: target.format.id === 'pickle', size: source.size, storedAt };
}

function noMember(member: string, nodes: readonly Node[]): AssayError {
  const pickles = nodes.filter((node) => node.isPickle && node.path !== '').map(({ path }) => path);
  const hint =
    pickles.length === 0
      ? 'the file contains no pickle in an archive'
      : `its pickles are ${pickles.slice(0, 3).join(', ')}`;
  return new AssayError('usage', 'contains no pickle of that name', { subject: `--member ${member}`, hint });
}

function printTree(
  name: string,
  nodes: readonly Node[],
  scanned: FileScanResult,
  ink: (ink: Ink, text: string) => string,
  print: (line: string) => void,
): void {
  const root = nodes.find(({ depth }) => depth === 0);
  const verdict = ink(VERDICT_INK[scanned.verdict], scanned.verdict);
  print(
    `${ink('bold', terminalText(name))} · ${titleOf(scanned.format)} · ${humanBytes(root?.size ?? 0)} · ${verdict}`,
  );
  const members = [...nodes].filter(({ depth }) => depth > 0).reverse();
  for (const node of inTreeOrder(members).slice(0, MAX_MEMBERS)) print(memberLine(node, scanned, ink));
  if (members.length > MAX_MEMBERS) print(`  and ${count(members.length - MAX_MEMBERS, 'more member')}`);
  for (const reason of scanned.reasons) print(`  because ${terminalText(reason)}`);
}

/** Containers before their members, siblings by their place in the file. */
function inTreeOrder(nodes: readonly Node[]): Node[] {
  const placeOf = (node: Node) => node.storedAt ?? Number.MAX_SAFE_INTEGER;
  const inside = (parent: string | undefined): Node[] =>
    nodes
      .filter(({ path }) => parentOf(path) === parent)
      .sort((a, b) => placeOf(a) - placeOf(b) || (a.path < b.path ? -1 : 1))
      .flatMap((node) => [node, ...inside(node.path)]);
  return inside(undefined);
}

function parentOf(path: string): string | undefined {
  const bang = path.lastIndexOf('!');
  return bang < 0 ? undefined : path.slice(0, bang);
}

function memberLine(node: Node, scanned: FileScanResult, ink: (ink: Ink, text: string) => string): string {
  const findings = scanned.findings.filter(({ member }) => member === node.path).length;
  const name = node.path.slice((parentOf(node.path)?.length ?? -1) + 1);
  const facts = [
    titleOf(node.format),
    humanBytes(node.size),
    node.storedAt === undefined ? 'compressed' : `at byte ${node.storedAt}`,
    ...(findings > 0 ? [ink('red', count(findings, 'finding'))] : []),
  ];
  return `${'  '.repeat(node.depth)}${terminalText(name)} · ${facts.join(' · ')}`;
}

function titleOf(format: string): string {
  return formatTitles().get(format) ?? format;
}

/** Prints what the models in the file hold. */
async function showModels(one: OneFile, within: string, { all }: InspectFlags, shell: Shell): Promise<void> {
  const { showView } = await import('./views/index.ts');
  await one.scan(async ({ member, source }, format) => {
    const print = (line: string) => void shell.stdout.write(`${terminalText(line, MAX_LINE)}\n`);
    await showView({ source, format, member, within }, all, print);
  });
}

/** Members cannot be kept open, so the file is walked once more. */
async function listPickles(
  one: OneFile,
  chosen: ReadonlySet<string>,
  scanned: FileScanResult,
  flags: InspectFlags,
  shell: Shell,
  ink: (ink: Ink, text: string) => string,
): Promise<void> {
  if (chosen.size === 0) return;
  await one.scan(async ({ member = '', source, format }) => {
    if (format.id !== 'pickle' || !chosen.has(member)) return;
    const print = (line: string) => void shell.stdout.write(`${terminalText(line, MAX_LINE)}\n`);
    shell.stdout.write(`\n${ink('bold', terminalText(member === '' ? one.file.path : member))}\n`);
    try {
      const maxInstructions = flags.all ? Number.POSITIVE_INFINITY : MAX_INSTRUCTIONS;
      await inspectPickle(source, { limits: DEFAULT_LIMITS, signal: shell.signal, maxInstructions, onLine: print });
      if (scanned.verdict === 'clean') await previewPickle(source, shell.signal, print);
    } catch (error) {
      if (!isContentError(error)) throw error;
      print(`            ${error.message}`);
    }
  });
}
