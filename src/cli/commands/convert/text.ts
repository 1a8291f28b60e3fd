import { join } from 'node:path';
import { worseVerdict } from '../../../core/assessment/index.ts';
import type { Conversion, ConvertedFile } from '../../../core/conversion/index.ts';
import { count, humanBytes, terminalText } from '../../../report/index.ts';
import { verificationLines } from './verification-text.ts';

/** Values left out that are named without --verbose. */
const MAX_NAMED = 5;

/** What was converted, for people. @param signer who signed it */
export function conversionText(
  { files, indexes, skipped, source, sandbox, salvaged, attestation }: Conversion,
  folder: string,
  verbose: boolean,
  signer?: string,
): string {
  const lines = files.flatMap((file) => fileLines(file, folder, verbose));
  for (const { path } of indexes) lines.push(`  -> ${terminalText(join(folder, path))}`);
  for (const { path, why } of verbose ? skipped : skipped.slice(0, MAX_NAMED))
    lines.push(`not converted: ${terminalText(path)} (${terminalText(why)})`);
  if (!verbose && skipped.length > MAX_NAMED)
    lines.push(`and ${count(skipped.length - MAX_NAMED, 'more file')} (--verbose)`);
  if (attestation !== null)
    lines.push(`attested: ${terminalText(join(folder, attestation.path))}, signed by ${signer ?? 'the caller'}`);
  lines.push('', ranText(files, sandbox !== null));
  if (salvaged)
    lines.push(
      `The tensors come from a file whose verdict is ${source.verdict}: its author chose their values. Test the model before you use it.`,
    );
  return `${lines.join('\n')}\n`;
}

/** The converted model may have run, in bounds. */
function ranText(files: readonly ConvertedFile[], sandboxed: boolean): string {
  if (sandboxed) return 'Code of the model ran in a sandbox, without network.';
  const verified = files.some(({ verification }) => verification !== null && verification.runtime !== null);
  return verified ? 'Nothing of the source ran.' : 'Nothing of the model ran.';
}

function fileLines(
  { path, from, format, tensors, size, leftOut, verification }: ConvertedFile,
  folder: string,
  verbose: boolean,
): string[] {
  const lines = [
    `${sourceName(from)} · ${terminalText(format)} · ${from.map(({ verdict }) => verdict).reduce(worseVerdict, 'clean')}`,
    `  -> ${terminalText(join(folder, path))} · ${count(tensors, 'tensor')} · ${humanBytes(size)}`,
  ];
  const shown = verbose ? leftOut : leftOut.slice(0, MAX_NAMED);
  for (const { path: where, what } of shown)
    lines.push(`     left out: ${where === '' ? '' : `${terminalText(where)}, `}${terminalText(what)}`);
  const more = leftOut.length - shown.length;
  if (more > 0) lines.push(`     and ${count(more, 'more value')} (--verbose)`);
  if (verification !== null) lines.push(...verificationLines(verification));
  return lines;
}

function sourceName(from: ConvertedFile['from']): string {
  const [first, ...others] = from;
  const name = terminalText(first?.path ?? '');
  return others.length === 0 ? name : `${name} and ${count(others.length, 'more file')}`;
}
