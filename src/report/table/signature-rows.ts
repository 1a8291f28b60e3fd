import type { SignatureAssessment, Signer, UncoveredFile } from '../../core/assessment/index.ts';
import { terminalText } from '../escape.ts';
import type { TextPage } from '../page.ts';
import { count, type Ink } from '../style.ts';

/** Paths of one kind that are listed unless verbose. */
const MAX_PATHS = 10;

const INK: Readonly<Record<SignatureAssessment['status'], Ink>> = {
  verified: 'green',
  partial: 'yellow',
  failed: 'red',
  'not-assessed': 'yellow',
};

const WHY: Readonly<Record<UncoveredFile['why'], string>> = {
  added: 'not signed',
  ignored: 'left out by the signer',
  link: 'a link',
};

/** What is known of one signature, for a person: its status, who signed, and every file that is not as it was signed. */
export function signatureRows(page: TextPage, signature: SignatureAssessment, options: { verbose: boolean }): void {
  const { status, detail, signer, covered, method } = signature;
  page.row('SIGNATURE', `${status}: ${terminalText(detail)}`, 'bold', INK[status]);
  if (signer !== null) page.row('signer', terminalText(signerText(signer), 1000));
  if (signer !== null) page.row('covers', `${count(covered, 'file')} by ${terminalText(method ?? 'sha256')}`);
  page.row('read from', terminalText(signature.signature));
  const max = options.verbose ? Number.POSITIVE_INFINITY : MAX_PATHS;
  pathRows(page, 'changed', signature.changed, max);
  pathRows(page, 'missing', signature.missing, max);
  const uncovered = signature.uncovered.map(({ path, why }) => `${path} (${WHY[why]})`);
  pathRows(page, 'not covered', uncovered, max);
  pathRows(page, 'empty', signature.emptyFiles, max);
}

/** Who signed, in a line. */
export function signerText(signer: Signer): string {
  switch (signer.kind) {
    case 'key':
      return `the ${signer.keyType} key with the hint ${signer.keyHint}`;
    case 'certificate': {
      const names = signer.names.length === 0 ? '' : ` (${signer.names.join(', ')})`;
      const expired = signer.expired ? `, expired on ${signer.notAfter}` : '';
      return `${signer.subject}${names}, certificate issued by ${signer.issuer}${expired}`;
    }
    case 'sigstore':
      return `${signer.identity}, issued by ${signer.issuer}, at ${signer.signedAt}`;
  }
}

function pathRows(page: TextPage, label: string, paths: readonly string[], max: number): void {
  for (const [index, path] of paths.slice(0, max).entries())
    page.row(index === 0 ? label : '', terminalText(path), 'red');
  if (paths.length > max) page.row('', `and ${paths.length - max} more; --verbose lists all`, 'dim');
}
