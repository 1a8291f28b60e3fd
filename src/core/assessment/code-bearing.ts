import type { FileAssessment } from './assessment.ts';

/** Formats that are programs, scripts or templates. */
const CODE_FORMATS: ReadonlySet<string> = new Set(['python', 'javascript', 'shell', 'source-code', 'jinja']);

/** Whether a file holds code that no scanner judged: a program by itself, or one in a notebook or an archive. */
export function holdsUnjudgedCode({ verdict, format, reasons }: FileAssessment): boolean {
  if (verdict !== 'not-assessed') return false;
  return CODE_FORMATS.has(format) || reasons.some((reason) => reason.includes('is source code'));
}
