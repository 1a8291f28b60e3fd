import { setImmediate as turn } from 'node:timers/promises';
import { AssayError, isAssayError } from '../core/errors.ts';
import type { SignatureRequest } from '../pipeline/signature.ts';
import { type CompiledPolicy, decide, loadPolicy } from '../policy/index.ts';
import {
  type Judged,
  type ReportContext,
  renderCycloneDx,
  renderJson,
  renderJsonLine,
  renderJunit,
  renderMarkdown,
  renderOpenVex,
  renderSarif,
  renderTable,
  terminalText,
} from '../report/index.ts';
import { type Knowledge, loadKnowledge } from './knowledge.ts';
import { refuseUnread, refuseWithoutModel } from './no-model.ts';
import { openSink } from './output.ts';
import { type PardonFile, pardonFiles, refusePardonsFrom } from './pardon-place.ts';
import { addressOf, type Place, uriOf } from './place.ts';
import { Progress } from './progress.ts';
import type { ScanFormat, ScanRequest } from './scan.ts';
import { type ExitCode, graver, printError, type Shell, wantsColor, widthOf } from './shell.ts';
import { signatureRequest } from './trust.ts';
import { type Pardons, readWaivers, withPardons } from './waiver-options.ts';

interface Scanned extends Judged {
  readonly place: Place;
}

/** Scans every target, writes the report, and records the exit code. A target that fails does not stop the others. */
export async function runScan(request: ScanRequest, shell: Shell): Promise<void> {
  const sink = await openSink(request.output, shell);
  const policy = await loadPolicy(request.policy);
  const knowledge = await loadKnowledge(request.allow, request.ruleset, shell.env);
  const now = new Date();
  const pardons = await readWaivers({ ...request.pardons, ...request.trust }, shell.env, now);
  const signature = await signatureRequest(request.trust, shell.env, request.pardons.attestation.length > 0);
  const context: ReportContext = { ...knowledge.context, coverage: request.coverage };
  const sources = pardonFiles(request, pardons, shell.env);
  const configured = { ...request, signature, policy, pardons, sources, now };
  const done: Scanned[] = [];
  let outcome: ExitCode = 0;
  for (const target of request.targets) {
    // Between small targets nothing waits, and Ctrl-C would not be heard.
    await turn();
    const scanned = await scanTarget(target, configured, knowledge, shell);
    if (scanned === undefined) {
      outcome = graver(outcome, 2);
      continue;
    }
    outcome = graver(outcome, exitCodeOf(scanned));
    shell.exit(outcome);
    if (request.format === 'table' && done.length > 0) sink.write('\n');
    done.push(scanned);
    if (!JOINT_FORMATS.has(request.format)) sink.write(renderOne(scanned, request, context, knowledge, shell));
  }
  if (JOINT_FORMATS.has(request.format) && done.length > 0) sink.write(renderAll(done, request.format, context, now));
  if (done.length > 0) await sink.commit();
  if (request.output !== undefined && !request.quiet) for (const one of done) shell.stderr.write(summaryLine(one));
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

/** What the options name, read. */
interface Configured {
  readonly signature: SignatureRequest;
  readonly policy: CompiledPolicy;
  readonly pardons: Pardons;
  /** What pardons comes from none of the targets. */
  readonly sources: readonly PardonFile[];
  readonly now: Date;
}

/** @returns `undefined` when the target could not be scanned, which was said on stderr. */
async function scanTarget(
  target: string,
  request: Omit<ScanRequest, 'policy' | 'pardons'> & Configured,
  knowledge: Knowledge,
  shell: Shell,
): Promise<Scanned | undefined> {
  const progress = new Progress(shell, !request.quiet);
  const { pardons, now } = request;
  try {
    await refusePardonsFrom(target, request.sources);
    const scanned = await knowledge.judge(target, {
      signal: shell.signal,
      onEvent: progress.onEvent,
      offline: request.offline,
      // A signature may cover what is otherwise passed over.
      everything: request.signature.trusts.length > 0,
      signature: request.signature,
    });
    refuseUnread(scanned);
    refuseWithoutModel(scanned);
    const assessment = await withPardons(scanned, pardons, now);
    const failOn = request.failOn === undefined ? {} : { failOn: request.failOn };
    const { waivers, approvals } = pardons;
    const options = { policy: request.policy, ...failOn, waivers, approvals, now };
    const decision = decide(assessment, options);
    return { assessment, decision, place: assessment.artifact };
  } catch (error) {
    if (request.targets.length === 1 || shell.signal.aborted || !isAssayError(error)) throw error;
    progress.end();
    printError(shell, error);
    return undefined;
  } finally {
    progress.end();
  }
}

/** What a person at a terminal wants to know when the report went to a file. */
function summaryLine({ decision, place }: Scanned): string {
  return `${decision.action.toUpperCase()} ${terminalText(place.pinned)}\n`;
}

function exitCodeOf({ assessment, decision }: Judged): ExitCode {
  if (decision.action === 'deny') return 1;
  return assessment.status === 'complete' && assessment.files.length > 0 ? 0 : 2;
}

function renderOne(
  scanned: Scanned,
  request: ScanRequest,
  context: ReportContext,
  knowledge: Knowledge,
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
        isListed: knowledge.isListed,
        reopen: (file) => addressOf(scanned.place, file),
      });
    default:
      throw new AssayError('internal', `${request.format} is one document for all targets`);
  }
}
