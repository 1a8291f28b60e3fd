import type { FileAssessment, Verdict } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';

/** Which files are converted although they are not clean. */
export interface Tolerance {
  /** Suspicious ones: their classes are names here, and never run. */
  readonly acceptSuspicious: boolean;
  /** Suspicious and malicious ones: their tensors alone. */
  readonly salvage: boolean;
}

/** A file that its verdict forbids to convert. */
export interface RefusedFile {
  readonly path: string;
  readonly verdict: Verdict;
}

/** The files that may be converted, and those that may not. */
export function sortedByVerdict(
  files: readonly FileAssessment[],
  tolerance: Tolerance,
): { readonly allowed: readonly FileAssessment[]; readonly refused: readonly RefusedFile[] } {
  const refused = files.filter((file) => !isAllowed(file, tolerance));
  return { allowed: files.filter((file) => isAllowed(file, tolerance)), refused };
}

function isAllowed({ verdict }: FileAssessment, { acceptSuspicious, salvage }: Tolerance): boolean {
  switch (verdict) {
    case 'clean':
      return true;
    case 'suspicious':
      return acceptSuspicious || salvage;
    case 'malicious':
      return salvage;
    case 'not-assessed':
    case 'unknown':
      return false;
  }
}

const HINTS: Readonly<Record<Verdict, string>> = {
  clean: '',
  suspicious:
    'look at it with "assay scan"; --accept-suspicious converts it, and --salvage takes its tensors alone. Neither runs anything of it',
  malicious: '--salvage writes its tensors alone, and names what it leaves out; it runs nothing of it',
  unknown: 'it could not be read to its end: "assay scan" says why',
  'not-assessed': 'no scanner judges all of it: "assay scan" says why',
};

const RUNS_IN_SANDBOX = 'look at it with "assay scan"; with --accept-suspicious, its code runs in the sandbox';

/** @returns the error for a file that is not converted. @param sandboxed whether its code would have run */
export function verdictRefusal({ path, verdict }: RefusedFile, sandboxed: boolean): AssayError {
  const code = verdict === 'unknown' || verdict === 'not-assessed' ? 'unsupported' : 'refused';
  return new AssayError(code, `is not converted, because its verdict is ${verdict}`, {
    subject: path,
    hint: sandboxed && verdict === 'suspicious' ? RUNS_IN_SANDBOX : HINTS[verdict],
  });
}
