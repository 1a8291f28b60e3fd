import { existsSync } from 'node:fs';
import { AssayError, DEFAULT_LIMITS } from '../../../core/index.ts';
import { reproPickle } from '../../../formats/pickle/inspect/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import { listedGlobals } from '../../../scan/lists/index.ts';
import { type OneFile, withOneFile } from '../../judging/index.ts';
import { openSink, type Shell } from '../../terminal/index.ts';
import type { ReproFlags } from './request.ts';

/** Writes the instructions of one pickle of a file, and says where. */
export async function runRepro(ref: string, flags: ReproFlags, shell: Shell): Promise<void> {
  await withOneFile(ref, { signal: shell.signal, offline: flags.offline }, async (one) => {
    const output = flags.output ?? defaultOutput(one.file.path);
    const sink = await openSink(output, shell);
    const member = await choose(one, flags.member);
    const repro = await reproOf(one, member, shell.signal);
    sink.write(repro);
    await sink.commit();
    const of = member === '' ? '' : ` of ${terminalText(member)}`;
    shell.stdout.write(`${terminalText(output)}: ${count(repro.length, 'byte')}${of}, without text and tensors\n`);
  });
}

/** Never over a file that somebody has. */
function defaultOutput(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\p{Cc}/gu, '_');
  const output = `${name}.repro.pkl`;
  if (!existsSync(output)) return output;
  throw new AssayError('usage', 'exists', { subject: output, hint: 'name another file with --output' });
}

/** Path of the pickle to write: empty for the file itself. */
async function choose(one: OneFile, wanted: string | undefined): Promise<string> {
  const pickles: string[] = [];
  const { findings } = await one.scan(async ({ member = '', format }) => {
    if (format.id === 'pickle') pickles.push(member);
  });
  if (wanted !== undefined && pickles.includes(wanted)) return wanted;
  const flagged = pickles.find((member) => findings.some((finding) => (finding.member ?? '') === member));
  const chosen = wanted === undefined ? (flagged ?? pickles[0]) : undefined;
  if (chosen !== undefined) return chosen;
  throw new AssayError('usage', wanted === undefined ? 'holds no pickle' : 'contains no pickle of that name', {
    subject: wanted === undefined ? one.file.path : `--member ${wanted}`,
    hint:
      pickles.length === 0
        ? 'only pickles have instructions to write'
        : `its pickles are ${pickles.slice(0, 3).join(', ')}`,
  });
}

async function reproOf(one: OneFile, wanted: string, signal: AbortSignal): Promise<Uint8Array> {
  const words = listedWords();
  let repro: Uint8Array | undefined;
  await one.scan(async ({ member = '', source, format }) => {
    if (format.id !== 'pickle' || member !== wanted || repro !== undefined) return;
    repro = await reproPickle(source, { limits: DEFAULT_LIMITS, signal, keepText: (text) => words.has(text) });
  });
  if (repro === undefined) throw new AssayError('changed', 'changed while it was read', { subject: one.file.path });
  return repro;
}

/** Modules and names of the lists: what a file says with them is not a secret. */
function listedWords(): ReadonlySet<string> {
  return new Set([...listedGlobals().values()].flatMap(({ module, name }) => [module, name]));
}
