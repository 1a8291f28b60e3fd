import type { SigningResult } from '../../pipeline/sign/index.ts';
import { count, humanBytes, terminalText } from '../../report/index.ts';
import { shellText } from './shell-text.ts';
import type { SigningWay } from './way.ts';

const MAX_NAMED = 5;

/** The signed model, the signer, and the command that verifies it. */
export function signedReport(
  signed: SigningResult,
  artifact: string,
  way: Pick<SigningWay, 'who' | 'verifying'>,
): string {
  const { place, files, bytes, hash, rootDigest, ignored, uncovered } = signed;
  const { before, options } = way.verifying();
  const signature = place.usual ? '' : ` --signature ${shellText(place.signature)}`;
  const partial = ignored + uncovered > 0 ? ' --allow-partial' : '';
  const left = ignored === 0 ? '' : `, ${count(ignored, 'file')} left out`;
  return [
    `SIGNED ${terminalText(artifact)}: ${count(files, 'file')}, ${humanBytes(bytes)} (${hash})${left}`,
    `  by           ${way.who()}`,
    `  root digest  sha256:${rootDigest} (of OpenSSF Model Signing)`,
    `  signature    ${terminalText(place.signature)}`,
    'Check it with',
    ...(before === undefined ? [] : [`  ${before}`]),
    `  assay verify ${shellText(artifact)}${signature} ${options}${partial}`,
    '',
  ].join('\n');
}

/** A warning that a loader may read files which the signature does not cover. */
export function uncoveredWarning(files: readonly { readonly path: string }[]): string {
  const names = files.slice(0, MAX_NAMED).map(({ path }) => terminalText(path));
  const more = files.length > MAX_NAMED ? `, and ${files.length - MAX_NAMED} more` : '';
  const what = `the signature will not cover ${count(files.length, 'file')}: ${names.join(', ')}${more}`;
  return `assay: warning: ${what}; --cover-all signs them, too\n`;
}
