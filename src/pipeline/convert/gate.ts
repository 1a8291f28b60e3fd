import type { FileAssessment, Verdict } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';

/** Which files are converted although they are not clean. */
export interface Tolerance {
  /** Suspicious ones: their classes are names here, and never run. */
  readonly acceptSuspicious: boolean;
  /** Suspicious and malicious ones: their tensors alone. */
  readonly salvage: boolean;
}

/** Formats of tensors alone: what no scanner judges yet cannot act. */
const INERT_FORMATS: ReadonlySet<string> = new Set(['msgpack', 'paddle-tensors', 'npy', 'safetensors']);

/** The verdict by which a file is not converted; `undefined` for one that is. */
export function refusedVerdict({ verdict, format }: FileAssessment, tolerance: Tolerance): Verdict | undefined {
  switch (verdict) {
    case 'clean':
      return undefined;
    case 'suspicious':
      return tolerance.acceptSuspicious || tolerance.salvage ? undefined : verdict;
    case 'malicious':
      return tolerance.salvage ? undefined : verdict;
    case 'not-assessed':
      return INERT_FORMATS.has(format) ? undefined : verdict;
    case 'unknown':
      return verdict;
  }
}

const HINTS: Readonly<Record<Verdict, string>> = {
  clean: '',
  suspicious:
    'look at it with "assay scan"; --accept-suspicious converts it, and --salvage takes its tensors alone. Neither runs anything of it',
  malicious: '--salvage writes its tensors alone, and names what it leaves out; it runs nothing of it',
  unknown: 'it could not be read to its end: "assay scan" says why',
  'not-assessed': 'no scanner judges this format yet',
};

/** @returns the error for a file that is not converted */
export function verdictRefusal(path: string, verdict: Verdict): AssayError {
  const code = verdict === 'unknown' || verdict === 'not-assessed' ? 'unsupported' : 'refused';
  return new AssayError(code, `is not converted, because its verdict is ${verdict}`, {
    subject: path,
    hint: HINTS[verdict],
  });
}
