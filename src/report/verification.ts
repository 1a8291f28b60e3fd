import type { SignatureAssessment } from '../core/assessment/index.ts';
import { jsonText, keptText, terminalText } from './escape.ts';
import { signatureReport } from './json/index.ts';
import { TextPage } from './page.ts';
import { count, humanBytes, humanDuration } from './style.ts';
import { signatureRows } from './table/index.ts';

/** A signature compared with every byte of an artifact. */
export interface Verification {
  readonly artifact: { readonly ref: string; readonly pinned: string; readonly digest: string };
  readonly signature: SignatureAssessment;
  readonly files: number;
  readonly bytes: number;
  readonly durationMs: number;
}

export interface VerificationTextOptions {
  readonly width: number;
  readonly color: boolean;
  readonly verbose: boolean;
}

export function renderVerification(verification: Verification, options: VerificationTextOptions): string {
  const { artifact, signature, files, bytes, durationMs } = verification;
  const page = new TextPage(options.width, options.color);
  signatureRows(page, signature, options);
  page.row('artifact', terminalText(artifact.pinned));
  page.row('digest', artifact.digest);
  page.parts([count(files, 'file'), humanBytes(bytes), humanDuration(durationMs)]);
  return page.toString();
}

export function renderVerificationJson({ artifact, signature, files, bytes, durationMs }: Verification): string {
  const document = {
    schemaVersion: '1',
    artifact: { ref: keptText(artifact.ref), pinned: keptText(artifact.pinned), digest: artifact.digest },
    signature: signatureReport(signature),
    stats: { files, bytes, durationMs: Math.round(durationMs) },
  };
  return `${jsonText(document, 2)}\n`;
}
