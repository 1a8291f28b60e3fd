import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { addressOf, type OpenedPlace, uriOf } from '../../../pipeline/judging/index.ts';
import { renderCycloneDx } from '../../../report/cyclonedx/index.ts';
import { type Judged, type ReportContext, terminalText } from '../../../report/index.ts';
import { renderJson, renderJsonLine } from '../../../report/json/index.ts';
import { renderJunit } from '../../../report/junit/index.ts';
import { renderMarkdown } from '../../../report/markdown/index.ts';
import { renderOpenVex } from '../../../report/openvex/index.ts';
import { renderSarif } from '../../../report/sarif/index.ts';
import { renderTable, type TableOptions } from '../../../report/table/index.ts';
import { exitCodeOf, prepareShownJudging, type ShownJudging } from '../../judging/index.ts';
import { type ExitCode, graver, openSink, printError, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { ScanFormat, ScanRequest } from './request.ts';

interface Scanned extends Judged {
  readonly place: OpenedPlace;
}

/** Scans every target, writes the report, and records the exit code. A target that fails does not stop the others. */
export async function runScan(request: ScanRequest, shell: Shell): Promise<void> {
  const started = performance.now();
  const sink = await openSink(request.output, shell);
  const judging = await prepareShownJudging(request, shell);
  const { knowledge, now } = judging;
  const context: ReportContext = { ...knowledge.context, coverage: request.coverage };
  const done: Scanned[] = [];
  let outcome: ExitCode = 0;
  for (const target of request.targets) {
    // Between small targets nothing waits, and Ctrl-C would not be heard.
    await yieldToEventLoop();
    const scanned = await scanTarget(target, request, judging, shell);
    if (scanned === undefined) {
      outcome = graver(outcome, 2);
      continue;
    }
    outcome = graver(outcome, exitCodeOf(scanned));
    shell.exit(outcome);
    if (request.format === 'table' && done.length > 0) sink.write('\n');
    done.push(scanned);
    if (!JOINT_FORMATS.has(request.format)) {
      const isShown = request.format === 'table' && !request.quiet;
      const advice = isShown ? await knowledge.advise(scanned.assessment, shell.signal) : undefined;
      sink.write(renderOne(scanned, request, context, { isListed: knowledge.isListed, advice }, shell));
    }
  }
  if (JOINT_FORMATS.has(request.format) && done.length > 0) sink.write(renderAll(done, request.format, context, now));
  if (done.length > 0) await sink.commit();
  if (request.output !== undefined && !request.quiet) for (const one of done) shell.stderr.write(summaryLine(one));
  if (request.stats) {
    const { statsText } = await import('./stats.ts');
    shell.stderr.write(statsText(performance.now() - started));
  }
  shell.exit(outcome);
}

/** One document tells of all targets. */
const JOINT_FORMATS: ReadonlySet<ScanFormat> = new Set<ScanFormat>([
  'sarif',
  'openvex',
  'markdown',
  'junit',
  'cyclonedx',
]);

function renderAll(all: readonly Scanned[], format: ScanFormat, context: ReportContext, now: Date): string {
  switch (format) {
    case 'sarif':
      return renderSarif(all, context, { locate: ({ place }, file) => ({ uri: uriOf(place, file) }) });
    case 'openvex':
      return renderOpenVex(all, context, { timestamp: now });
    case 'markdown':
      return renderMarkdown(all, context);
    case 'junit':
      return renderJunit(all, context);
    case 'cyclonedx':
      return renderCycloneDx(all, context, { now });
    default:
      throw new AssayError('internal', `${format} is a document for each target`);
  }
}

/** @returns `undefined` when one of several targets could not be scanned, which was said on stderr. */
async function scanTarget(
  target: string,
  { targets, rebuild }: ScanRequest,
  judging: ShownJudging,
  shell: Shell,
): Promise<Scanned | undefined> {
  try {
    const judged = await judging.judge(target, { rebuild: rebuild ? 'asked' : undefined });
    return { ...judged, place: judged.assessment.artifact };
  } catch (error) {
    if (targets.length === 1 || shell.signal.aborted || !isAssayError(error)) throw error;
    printError(shell, error);
    return undefined;
  }
}

/** The summary for a terminal when the report is written to a file. */
function summaryLine({ decision, place }: Scanned): string {
  return `${decision.action.toUpperCase()} ${terminalText(place.pinned)}\n`;
}

function renderOne(
  scanned: Scanned,
  request: ScanRequest,
  context: ReportContext,
  known: Pick<TableOptions, 'isListed' | 'advice'>,
  shell: Shell,
): string {
  switch (request.format) {
    case 'json':
      return renderJson(scanned, context);
    case 'jsonl':
      return renderJsonLine(scanned, context);
    case 'table':
      return renderTable(scanned, context, {
        width: request.output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true }),
        color: request.output === undefined && wantsColor(shell.stdout, shell.env, request.color),
        verbose: request.verbose,
        quiet: request.quiet,
        ...known,
        reopen: (file) => addressOf(scanned.place, file),
      });
    default:
      throw new AssayError('internal', `${request.format} is one document for all targets`);
  }
}
