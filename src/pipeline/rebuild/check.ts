import type { Check, FileAssessment, Finding } from '../../core/assessment/index.ts';
import type { ByteSource } from '../../core/bytes/index.ts';
import { type ArtifactFile, AssayError, isContentError, type Limits } from '../../core/index.ts';
import { fileIdentity } from '../identity.ts';
import { fromWire } from '../parsers/index.ts';
import { rebuildFindings } from './findings.ts';
import type { RebuiltGraph } from './messages.ts';
import type { RebuiltGraphs } from './run-thread.ts';

/** Whether ONNX models are those that are rebuilt from the configuration and the weights beside them. */
const REBUILD_CHECK = 'conversion.rebuild';

/** `asked`: the question has an answer in any case; `offered`: only where there is an ONNX model beside a configuration and weights. */
export type RebuildMode = 'asked' | 'offered';

export interface RebuildCheckOptions {
  readonly mode: RebuildMode;
  /** What the files were before they were scanned. */
  readonly before: ReadonlyMap<string, string>;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
}

export interface RebuildAnswer {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

const NOTHING: RebuildAnswer = { checks: [], findings: [] };
/** Models that the detail of the check names. */
const MAX_NAMED = 3;

/**
 * Rebuilds the graph of each ONNX model that stands beside the configuration and the weights of its architecture, and compares them.
 * @returns the check `conversion.rebuild`, and a finding for each difference
 * @throws AssayError `aborted`, `internal`
 */
export async function rebuildChecks(
  files: readonly ArtifactFile[],
  scanned: readonly FileAssessment[],
  { mode, before, limits, signal }: RebuildCheckOptions,
): Promise<RebuildAnswer> {
  // A file that nothing else could identify may still be one to a runtime.
  const graphs = scanned
    .filter(({ format, path }) => format === 'onnx' || /\.onnx$/i.test(path))
    .map(({ path }) => path);
  const open = (detail: string): RebuildAnswer =>
    mode === 'asked' ? { checks: [{ id: REBUILD_CHECK, status: 'not-assessed', detail }], findings: [] } : NOTHING;
  if (graphs.length === 0) return open('no file is an ONNX model');
  if (!files.some(({ path }) => path === 'config.json' || path.endsWith('/config.json')))
    return open('no config.json stands beside the ONNX model');
  if (files.some(({ path }) => !before.has(path)))
    return open('only files on this machine are compared: download them first (assay pull)');
  try {
    const { graphs: compared, models } = await compareAll(files, graphs, before, limits, signal);
    if (compared.length === 0)
      return open(models === 0 ? 'no weights stand beside the config.json' : 'the ONNX model stands beside no weights');
    return answerOf(compared);
  } catch (error) {
    if (!isContentError(error) && !(error instanceof AssayError && error.code === 'changed')) throw error;
    return { checks: [{ id: REBUILD_CHECK, status: 'error', detail: error.message }], findings: [] };
  }
}

async function compareAll(
  files: readonly ArtifactFile[],
  graphs: readonly string[],
  before: ReadonlyMap<string, string>,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<RebuiltGraphs> {
  const opened: ByteSource[] = [];
  try {
    const shared = [];
    const sources = [];
    for (const file of files) {
      const source = await file.open(signal);
      opened.push(source);
      const inner = source.share?.();
      if (inner === undefined) continue;
      if (fileIdentity(source) !== before.get(file.path)) throw changed(file.path);
      shared.push({ path: file.path, file: inner });
      sources.push({ path: file.path, source });
    }
    // What rebuilds is loaded when there is something to rebuild.
    const { runRebuild } = await import('./run-thread.ts');
    const result = await runRebuild({ files: shared, graphs, limits }, fromWire, signal);
    for (const { path, source } of sources) if (!(await source.unchanged())) throw changed(path);
    return result;
  } finally {
    for (const source of opened) await source.close();
  }
}

function changed(path: string): AssayError {
  return new AssayError('changed', 'changed while it was assessed', { subject: path, hint: 'try again' });
}

function answerOf(graphs: readonly RebuiltGraph[]): RebuildAnswer {
  const findings = graphs.flatMap(({ path, differences, result }) =>
    result === 'different' ? rebuildFindings(path, differences) : [],
  );
  const of = (wanted: (graph: RebuiltGraph) => boolean) => graphs.filter(wanted);
  const different = of(({ result }) => result === 'different');
  const broken = of((graph) => graph.broken);
  const unclear = of(({ result, broken: bad }) => (result === 'unclear' || result === 'refused') && !bad);
  const check = (status: Check['status'], detail: string): RebuildAnswer => ({
    checks: [{ id: REBUILD_CHECK, status, detail }],
    findings,
  });
  if (different.length > 0)
    return check('fail', `${listed(different)}: not the graph that is rebuilt from the configuration and the weights`);
  if (broken.length > 0) return check('error', `${listed(broken)}: ${reasons(broken)}`);
  if (unclear.length > 0)
    return check('not-assessed', `${listed(unclear)}: could not be compared: ${reasons(unclear)}`);
  const outputs = [...new Set(graphs.flatMap((graph) => graph.outputs))].join(', ');
  return check(
    'pass',
    `${listed(graphs)}: the graph that is rebuilt from the configuration and the weights (${outputs})`,
  );
}

function listed(graphs: readonly RebuiltGraph[]): string {
  const names = graphs.slice(0, MAX_NAMED).map(({ path }) => path);
  const more = graphs.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

function reasons(graphs: readonly RebuiltGraph[]): string {
  const all = [...new Set(graphs.flatMap(({ why }) => why))];
  const shown = all.slice(0, MAX_NAMED).join('; ');
  return all.length === 0 ? 'its form is not known' : shown;
}
