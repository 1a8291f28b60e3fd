import type { FileAssessment, Verdict } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';

/** Which files are converted although they are not clean. */
export interface Tolerance {
  /** Suspicious ones: their classes are names here, and never run. */
  readonly acceptSuspicious: boolean;
  /** Suspicious and malicious ones: their tensors alone. */
  readonly salvage: boolean;
}

/**
 * Formats of which no scanner judges yet what cannot act: those of tensors alone, and those of TensorFlow and of `torch.export`, whose
 * conversion refuses all operations that do more than compute.
 */
const INERT_FORMATS: ReadonlySet<string> = new Set([
  'msgpack',
  'paddle-tensors',
  'npy',
  'safetensors',
  'tf-saved-model',
  'tf-graph',
  'tensorbundle',
  'tensorbundle-data',
  'pt2',
]);

/** A file that its verdict forbids to convert. */
export interface RefusedFile {
  readonly path: string;
  readonly verdict: Verdict;
}

/** The files that may be converted, and those that may not. @param sandboxed whether their code will run */
export function sortedByVerdict(
  files: readonly FileAssessment[],
  tolerance: Tolerance,
  sandboxed: boolean,
): { readonly allowed: readonly FileAssessment[]; readonly refused: readonly RefusedFile[] } {
  const refused = files.filter((file) => !isAllowed(file, tolerance, sandboxed));
  return { allowed: files.filter((file) => isAllowed(file, tolerance, sandboxed)), refused };
}

function isAllowed(
  { verdict, format }: FileAssessment,
  { acceptSuspicious, salvage }: Tolerance,
  sandboxed: boolean,
): boolean {
  switch (verdict) {
    case 'clean':
      return true;
    case 'suspicious':
      return acceptSuspicious || salvage;
    case 'malicious':
      return salvage;
    case 'not-assessed':
      // Nobody looked for code in it.
      return INERT_FORMATS.has(format) && (!sandboxed || acceptSuspicious);
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
  'not-assessed': 'no scanner judges this format yet',
};

const RUNS_IN_SANDBOX = 'look at it with "assay scan"; with --accept-suspicious, its code runs in the sandbox';

/** @returns the error for a file that is not converted. @param sandboxed whether its code would have run */
export function verdictRefusal({ path, verdict }: RefusedFile, sandboxed: boolean): AssayError {
  const code = verdict === 'unknown' || verdict === 'not-assessed' ? 'unsupported' : 'refused';
  return new AssayError(code, `is not converted, because its verdict is ${verdict}`, {
    subject: path,
    hint: sandboxed && (verdict === 'suspicious' || verdict === 'not-assessed') ? RUNS_IN_SANDBOX : HINTS[verdict],
  });
}
