import {
  type Check,
  Coverage,
  type FileAssessment,
  type Finding,
  fingerprint,
  worseVerdict,
} from '../core/assessment/index.ts';
import { type ArtifactFile, isAssayError, quotedName, throwIfAborted } from '../core/index.ts';
import { isBlank, TENSOR_SHARD, TFJS_WEIGHTS, UNKNOWN } from '../formats/index.ts';
import { isCheckpointData, PLACE_ODD } from '../scan/distributed/index.ts';
import { EXTERNAL_ODD, isTensorData } from '../scan/onnx/index.ts';
import type { ReferredBytes, Rule } from '../scan/scanner/index.ts';
import type { AssessedFile } from './assess-file.ts';
import { fileIdentity } from './identity.ts';

/** The format of a file of nothing but the tensors of models beside it. */
const TENSOR_DATA = 'onnx-data';
/** Bytes between tensors that are read to see that they are zeros. */
const MAX_PADDING = 64 * 1024 * 1024;
/** What the referring file and the other one hold, and how that is said. */
interface Holding {
  readonly check: string;
  readonly holds: string;
  readonly part: string;
  readonly rule: Rule;
  readonly isData: (format: string) => boolean;
}
const TENSORS: Holding = {
  check: 'format.onnx.external-data',
  holds: 'tensors of the model',
  part: 'a tensor',
  rule: EXTERNAL_ODD,
  isData: isTensorData,
};
const CHECKPOINT: Holding = {
  check: 'format.torch-distcp.files',
  holds: 'values of the checkpoint',
  part: 'a value',
  rule: PLACE_ODD,
  isData: isCheckpointData,
};
const VARIABLES: Holding = {
  check: 'format.tensorflow.variables',
  holds: 'values of variables',
  part: 'a variable',
  rule: EXTERNAL_ODD,
  // Each file is judged for itself, too: texts of variables may read as text.
  isData: () => true,
};
const HOLDINGS = { checkpoint: CHECKPOINT, variables: VARIABLES };
/** The checks of models of other formats, whose tensors are judged as those of ONNX. */
const CHECKS: ReadonlyMap<string, string> = new Map([
  ['coreml', 'format.coreml.weights'],
  ['openvino', 'format.openvino.weights'],
]);
const MAX_FINDINGS = 20;

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
  const byPath = new Map<string, Reference[]>();
  for (const { file, refers } of assessed) {
    for (const bytes of refers) {
      const known = byPath.get(bytes.path);
      if (known === undefined) byPath.set(bytes.path, [{ by: file.path, ...bytes }]);
      else known.push({ by: file.path, ...bytes });
    }
  }
  const present = new Map(files.map((file) => [file.path, file]));
  const results = new Map(assessed.map((one) => [one.file.path, one]));
  const faults = new Map<string, Faults>();
  for (const [path, references] of byPath) {
    throwIfAborted(signal);
    const [file, result] = [present.get(path), results.get(path)];
    for (const reference of references) {
      const kind = reference.holds === undefined ? TENSORS : HOLDINGS[reference.holds];
      const own = faults.get(reference.by) ?? { kind, missing: [], odd: [] };
      faults.set(reference.by, own);
      if (file === undefined || result === undefined) own.missing.push(path);
      else own.odd.push(...oddities(reference, file, result.file, kind));
    }
    // Values of a checkpoint are in files of a format of their own.
    const areNumbers = references.every(({ holds }) => holds !== 'checkpoint');
    if (file !== undefined && result !== undefined && areNumbers && isUnrecognised(result.file))
      results.set(path, await coveredBy(references, file, result, signal));
  }
  return assessed.map((one) => {
    const result = results.get(one.file.path) ?? one;
    const own = faults.get(one.file.path);
    return own === undefined ? result : withFaults(result, own);
  });
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What is wrong with the files that one model names. */
interface Faults {
  readonly kind: Holding;
  readonly missing: string[];
  readonly odd: { readonly path: string; readonly what: string; readonly rule: Rule }[];
}

function oddities(
  { path, ranges, rule }: Reference,
  file: ArtifactFile,
  data: FileAssessment,
  { part, isData, rule: usual }: Holding,
): Faults['odd'] {
  const end = ranges === 'all' ? 0 : (ranges.at(-1)?.end ?? 0);
  const odd: string[] = [];
  if (end > data.size) odd.push(`ends at ${data.size}, and ${part} at ${end}`);
  if (file.link === 'within') odd.push('is a symbolic link');
  if (!isData(data.format)) odd.push(`is not tensor data but of the format ${data.format}`);
  return odd.map((what) => ({ path, what, rule: rule ?? usual }));
}

function withFaults(model: AssessedFile, { kind, missing, odd }: Faults): AssessedFile {
  let { file, checks, findings } = model;
  const [first] = missing;
  if (first !== undefined) {
    const others = missing.length === 1 ? '' : ` and ${missing.length - 1} more files`;
    const detail = `${capitalised(kind.holds)} are in ${quotedName(first)}${others}, not in the artifact: scan the folder that holds all.`;
    const check: Check = { id: CHECKS.get(file.format) ?? kind.check, status: 'not-assessed', detail };
    const verdict = worseVerdict(file.verdict, 'not-assessed');
    file = { ...file, verdict, reasons: [...file.reasons, detail] };
    checks = { ...checks, checks: [...checks.checks.filter(({ id }) => id !== check.id), check] };
  }
  if (odd.length > 0) {
    file = { ...file, verdict: worseVerdict(file.verdict, 'suspicious') };
    findings = [...findings, ...odd.slice(0, MAX_FINDINGS).map((one) => findingOf(one, file.path, kind.holds))];
  }
  return { ...model, file, checks, findings };
}

function findingOf({ path, what, rule }: Faults['odd'][number], model: string, holds: string): Finding {
  const { id, severity, owasp, atlas, cwe } = rule;
  const message = `The file ${quotedName(path)}, which holds ${holds}, ${what}.`;
  const place = fingerprint(id, model, undefined, `${path}:${what.replace(/\d+/g, '')}`);
  return { ruleId: id, severity, message, file: model, owasp, atlas, cwe, fingerprint: place };
}

/** Nothing is known of the file but its name, and nothing else was wrong with it. */
function isUnrecognised({ format, verdict, readings }: FileAssessment): boolean {
  return (format === UNKNOWN.id || isNamedVariables(format)) && verdict === 'unknown' && readings.length === 0;
}

function isNamedVariables(format: string): boolean {
  return format === TENSOR_SHARD.id || format === TFJS_WEIGHTS.id;
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
  const coverage = new Coverage();
  for (const { by, ranges } of references)
    for (const { start, end } of ranges === 'all' ? [{ start: 0, end: size }] : ranges)
      coverage.mark(start, Math.min(end, size), 'opaque', `tensors of ${by}: numbers`);
  const gaps = coverage.gaps(size);
  const padding = gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  const reason = `${padding} bytes are of no tensor of the models that name the file`;
  const stays = { ...result, file: { ...result.file, reasons: [...result.file.reasons, reason] } };
  if (padding > MAX_PADDING || !(await areBlank(gaps, file, result, signal))) return stays;
  for (const { start, end } of gaps) coverage.mark(start, end, 'parsed');
  const covered = { ranges: coverage.ranges(), gaps: [] };
  const format = isNamedVariables(result.file.format) ? result.file.format : TENSOR_DATA;
  return { ...result, file: { ...result.file, format, verdict: 'clean', reasons: [], coverage: covered } };
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
