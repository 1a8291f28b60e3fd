import type { Check, Coverage, FileAssessment, Finding } from '../core/assessment/index.ts';
import { Coverage as CoverageOf, fingerprint, worseVerdict } from '../core/assessment/index.ts';
import { type ArtifactFile, isAssayError, quotedName, throwIfAborted } from '../core/index.ts';
import { isBlank, UNKNOWN } from '../formats/index.ts';
import { EXTERNAL_ODD, isTensorData } from '../scan/onnx/index.ts';
import type { ReferredBytes } from '../scan/scanner/index.ts';
import type { AssessedFile } from './assess-file.ts';
import { fileIdentity } from './identity.ts';

/** The format of a file of nothing but the tensors of models beside it. */
const TENSOR_DATA = 'onnx-data';
/** Bytes between tensors that are read to see that they are zeros. */
const MAX_PADDING = 64 * 1024 * 1024;
const CHECK = 'format.onnx.external-data';

interface Reference extends ReferredBytes {
  /** The model's path. */
  readonly by: string;
}

/**
 * Judges the files that models say their tensors are in: whether they are in the artifact, hold the bytes, and hold nothing else. A
 * file of no known format is clean when it consists of the tensors that models name, and of zeros between them.
 */
export async function joinReferred(
  files: readonly ArtifactFile[],
  assessed: readonly AssessedFile[],
  signal: AbortSignal | undefined,
): Promise<AssessedFile[]> {
  const references = assessed.flatMap(({ file, refers }) =>
    refers.map((one): Reference => ({ ...one, by: file.path })),
  );
  const byPath = new Map(files.map((file) => [file.path, file]));
  const results = new Map(assessed.map((one) => [one.file.path, one]));
  for (const path of new Set(references.map((one) => one.path))) {
    throwIfAborted(signal);
    const own = references.filter((one) => one.path === path);
    const [file, result] = [byPath.get(path), results.get(path)];
    for (const reference of own) {
      const model = results.get(reference.by);
      if (model === undefined) continue;
      const judged =
        file === undefined || result === undefined ? missing(model, path) : held(model, reference, file, result.file);
      results.set(reference.by, judged);
    }
    if (file !== undefined && result !== undefined && isUnrecognised(result.file))
      results.set(path, await coveredBy(own, file, result, signal));
  }
  return assessed.map((one) => results.get(one.file.path) ?? one);
}

function missing(model: AssessedFile, path: string): AssessedFile {
  const detail = `Tensors of the model are in ${quotedName(path)}, which is not in the artifact: scan the folder that holds both.`;
  const check: Check = { id: CHECK, status: 'not-assessed', detail };
  const { file, checks } = model;
  return {
    ...model,
    file: { ...file, verdict: worseVerdict(file.verdict, 'not-assessed'), reasons: [...file.reasons, detail] },
    checks: { ...checks, checks: [...checks.checks.filter(({ id }) => id !== CHECK), check] },
  };
}

/** The model, with what is odd about a file that it names. */
function held(model: AssessedFile, reference: Reference, file: ArtifactFile, data: FileAssessment): AssessedFile {
  const { path, ranges } = reference;
  const end = Math.max(0, ...ranges.map((range) => range.end));
  const faults: string[] = [];
  if (end > data.size) faults.push(`ends at ${data.size}, and a tensor at ${end}`);
  if (file.link === 'within') faults.push('is a symbolic link');
  if (!isTensorData(data.format)) faults.push(`is not tensor data but of the format ${data.format}`);
  const findings = faults.map((what): Finding => {
    const { id, severity, owasp, atlas, cwe } = EXTERNAL_ODD;
    const message = `The file ${quotedName(path)}, which holds tensors of the model, ${what}.`;
    const place = fingerprint(id, model.file.path, undefined, `${path}:${what.replace(/\d+/g, '')}`);
    return { ruleId: id, severity, message, file: model.file.path, owasp, atlas, cwe, fingerprint: place };
  });
  if (findings.length === 0) return model;
  const verdict = worseVerdict(model.file.verdict, 'suspicious');
  return { ...model, file: { ...model.file, verdict }, findings: [...model.findings, ...findings] };
}

/** Nothing is known of the file, and nothing else was wrong with it. */
function isUnrecognised({ format, verdict, readings }: FileAssessment): boolean {
  return format === UNKNOWN.id && verdict === 'unknown' && readings.length === 0;
}

async function coveredBy(
  references: readonly Reference[],
  file: ArtifactFile,
  result: AssessedFile,
  signal: AbortSignal | undefined,
): Promise<AssessedFile> {
  // Any other reason is one that tensors do not explain.
  if (result.file.reasons.length !== 1 || result.findings.length > 0 || !result.complete) return result;
  const { size } = result.file;
  const coverage: Coverage = new CoverageOf();
  for (const { by, ranges } of references)
    for (const { start, end } of ranges)
      coverage.mark(start, Math.min(end, size), 'opaque', `tensors of ${by}: numbers`);
  const gaps = coverage.gaps(size);
  const padding = gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  const reason = `${padding} bytes are of no tensor of the models that name the file`;
  const stays = { ...result, file: { ...result.file, reasons: [...result.file.reasons, reason] } };
  if (padding > MAX_PADDING || !(await areBlank(gaps, file, result, signal))) return stays;
  for (const { start, end } of gaps) coverage.mark(start, end, 'parsed');
  const covered = { ranges: coverage.ranges(), gaps: [] };
  return { ...result, file: { ...result.file, format: TENSOR_DATA, verdict: 'clean', reasons: [], coverage: covered } };
}

/** Whether bytes of a file are zeros; they are not when the file is another one than was scanned. */
async function areBlank(
  gaps: readonly { readonly start: number; readonly end: number }[],
  file: ArtifactFile,
  { identity }: AssessedFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (gaps.length === 0) return true;
  try {
    const source = await file.open(signal);
    try {
      if (identity !== undefined && fileIdentity(source) !== identity) return false;
      for (const { start, end } of gaps) {
        throwIfAborted(signal);
        if (!(await isBlank(source, start, end))) return false;
      }
      return await source.unchanged();
    } finally {
      await source.close();
    }
  } catch (error) {
    // What cannot be read stays as it was judged.
    if (!isAssayError(error) || error.code === 'internal' || error.code === 'aborted') throw error;
    return false;
  }
}
