import { count, humanBytes, terminalText } from '../../report/index.ts';
import type { SigningPlace } from './place.ts';
import { shellText } from './shell-text.ts';
import type { SigningWay } from './way.ts';

/** What was signed. */
export interface Signed {
  readonly place: SigningPlace;
  readonly artifact: string;
  readonly files: number;
  readonly bytes: number;
  readonly hash: string;
  /** Hex: the subject of the signature, which is not the digest that `assay digest` and reports name. */
  readonly rootDigest: string;
  /** Files that were left out with `--ignore`. */
  readonly ignored: number;
  /** Files that the signature does not cover, and that nobody asked to leave out. */
  readonly uncovered: number;
}
const MAX_NAMED = 5;

/** What was signed by whom, and how to check it. */
export function signedReport(signed: Signed, way: Pick<SigningWay, 'who' | 'verifying'>): string {
  const { place, artifact, files, bytes, hash, rootDigest, ignored, uncovered } = signed;
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

/** That a loader may read files which the signature does not vouch for. */
export function uncoveredWarning(files: readonly { readonly path: string }[]): string {
  const names = files.slice(0, MAX_NAMED).map(({ path }) => terminalText(path));
  const more = files.length > MAX_NAMED ? `, and ${files.length - MAX_NAMED} more` : '';
  const what = `the signature will not cover ${count(files.length, 'file')}: ${names.join(', ')}${more}`;
  return `assay: warning: ${what}; --cover-all signs them, too\n`;
}
