import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError, isAssayError, withHint } from '../../src/core/index.ts';
import { version } from '../../src/core/package/index.ts';
import { formatTitles } from '../../src/pipeline/index.ts';
import {
  type Judged,
  pathToUri,
  type ReportContext,
  type RuleInfo,
  renderJsonLine,
  renderSarif,
} from '../../src/report/index.ts';
import { CHANGE_RULES, RULES } from '../../src/scan/rules/index.ts';
import { changeSetOf } from './change/index.ts';
import { type Comparison, comparisonOf } from './comparison.ts';
import { Git } from './git/index.ts';
import { type Inputs, readInputs, secretsOf } from './inputs.ts';
import { judgeModels } from './judge.ts';
import { atLeast, outcomeOf, type RunOutcome } from './outcome.ts';
import { introducedReferences, scanReferences } from './references/index.ts';
import { annotate, GitHub, judgedOf, MAX_COMMENT, outcomeHeadline, summaryOf, writeReport } from './report/index.ts';
import { type RunRules, readRuling } from './rules.ts';
import { type DecisionService, NO_SERVICE, openDecisionService, unavailableService } from './service/index.ts';
import { MAX_SUMMARY_BYTES, Workflow } from './workflow.ts';

/** UTF-16 units of a summary: three bytes each at most. */
const MAX_SUMMARY = Math.floor(MAX_SUMMARY_BYTES / 3);

/** The runner sends SIGINT to a step that is cancelled, SIGTERM to one that does not end, and kills it after that. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function reportContext(): ReportContext {
  const own = Object.values(CHANGE_RULES).map((rule) => [rule.id, rule] as const);
  const rules = new Map<string, RuleInfo>([...RULES, ...own]);
  return { rules, formats: formatTitles(), version: version(), coverage: false };
}

/**
 * One step of a workflow: judges what the event is about, and reports it.
 * @returns the exit code: 0 allowed, 1 denied, 2 could not complete
 */
export async function runAction(env: NodeJS.ProcessEnv): Promise<number> {
  const workflow = new Workflow(env, (text) => process.stdout.write(text));
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  for (const signal of STOP_SIGNALS) process.once(signal, interrupt);
  const scratch = await mkdtemp(join(env.RUNNER_TEMP ?? tmpdir(), 'assay-action-'));
  try {
    for (const secret of secretsOf(env)) workflow.mask(secret);
    const inputs = readInputs(env);
    const outcome = await judge(env, inputs, { workflow, scratch, signal: stop.signal });
    return await report(env, inputs, outcome, { workflow, signal: stop.signal });
  } catch (error) {
    workflow.annotate({ level: 'error', title: 'Assay could not complete', message: messageOf(error) });
    if (!isAssayError(error) || error.code === 'internal')
      workflow.log(error instanceof Error ? String(error.stack) : String(error));
    if ((env.GITHUB_OUTPUT ?? '') !== '') workflow.output('decision', 'error');
    return 2;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, interrupt);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What a step of the run works with. */
interface Run {
  readonly workflow: Workflow;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

type ReportingRun = Omit<Run, 'scratch'>;

async function judge(env: NodeJS.ProcessEnv, inputs: Inputs, { workflow, scratch, signal }: Run): Promise<RunOutcome> {
  const workspace = env.GITHUB_WORKSPACE ?? '';
  if (workspace === '')
    throw new AssayError('usage', 'is not set: run this as a step of GitHub Actions', { subject: 'GITHUB_WORKSPACE' });
  const git = new Git(workspace);
  await mustBeRepository(git);
  const comparison = await comparisonOf(env, git);
  workflow.log(`checks ${comparison.about}, ${comparison.head}`);
  const ruling = await readRuling(comparison, inputs, git, new Date());
  const change = await changeSetOf(comparison, inputs, { git, workspace, scratch });
  const introduced = await introducedReferences(change);
  const decisionService = decisionServiceOf(env, inputs, comparison, { ruling, signal });
  try {
    const models = await judgeModels(change, ruling, { newOnly: inputs.newFindingsOnly, decisionService, signal });
    const references = await scanReferences(introduced, ruling, {
      env: sourceEnvironment(env, inputs),
      offline: inputs.offline,
      isInRepository: (path) => change.files.has(path),
      decisionService,
      signal,
      log: (text) => workflow.log(text),
    });
    return await outcomeOf({ comparison, change, models, references }, ruling);
  } finally {
    await decisionService.close();
  }
}

/** @throws AssayError `usage` for a service without a token, where the job could have one */
function decisionServiceOf(
  env: NodeJS.ProcessEnv,
  { serviceUrl, serviceToken, hfToken }: Inputs,
  { event, pullRequest }: Comparison,
  { ruling, signal }: { readonly ruling: RunRules; readonly signal: AbortSignal },
): DecisionService {
  if (serviceUrl === undefined) return NO_SERVICE;
  if (serviceToken !== '') {
    return openDecisionService({
      url: serviceUrl,
      token: serviceToken,
      env: sourceEnvironment(env, { hfToken }),
      signal,
      ruling,
    });
  }
  if (event === 'pull_request' && pullRequest?.fork === true) {
    const hint = 'run the step on merge_group, or on pull_request_target with the base checked out: those have secrets';
    return unavailableService(
      new AssayError('unauthorized', 'the pull request comes from a fork, which gets no service-token', { hint }),
    );
  }
  throw new AssayError('usage', 'is empty, but service-url is set', {
    subject: 'input service-token',
    hint: 'set it to a secret that the event can read; Dependabot has its own secrets',
  });
}

async function mustBeRepository(git: Git): Promise<void> {
  const { status } = await git.ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { allow: [1, 128] });
  if (status === 0) return;
  throw new AssayError('usage', 'the workspace is not a git repository with a commit', {
    subject: 'GITHUB_WORKSPACE',
    hint: 'run actions/checkout before this step',
  });
}

/** What a source may know of the environment: not the tokens and inputs of the job. */
function sourceEnvironment(env: NodeJS.ProcessEnv, { hfToken }: Pick<Inputs, 'hfToken'>): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(?:INPUT_|GITHUB_|ACTIONS_|RUNNER_|ASSAY_|HF_TOKEN$|HUGGING_FACE_HUB_TOKEN$)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...(hfToken === '' ? {} : { HF_TOKEN: hfToken }) };
}

async function report(
  env: NodeJS.ProcessEnv,
  inputs: Inputs,
  outcome: RunOutcome,
  { workflow, signal }: ReportingRun,
): Promise<number> {
  const context = reportContext();
  const workspace = env.GITHUB_WORKSPACE ?? '';
  const shown = atLeast(outcome.shown, inputs.reportSeverity);
  annotate(shown, workflow);
  workflow.summary(summaryOf(outcome, shown, context, MAX_SUMMARY));
  if (inputs.sarifFile !== undefined) await writeReport(workspace, inputs.sarifFile, sarifOf(outcome, inputs, context));
  if (inputs.report !== undefined) {
    const text = /\.md$/i.test(inputs.report)
      ? summaryOf(outcome, outcome.shown, context, MAX_SUMMARY)
      : [...judgedOf(outcome), outcome.lines].map((judged) => renderJsonLine(judged, context)).join('');
    await writeReport(workspace, inputs.report, text);
  }
  const code = await exitCode(env, inputs, outcome, { workflow, signal });
  if (inputs.comment)
    await comment(env, inputs, outcome, summaryOf(outcome, shown, context, MAX_COMMENT), { workflow, signal });
  workflow.output(
    'decision',
    code === 0 && outcome.outages.length === 0 ? outcome.action : outcome.action === 'deny' ? 'deny' : 'incomplete',
  );
  workflow.output('findings-count', String(outcome.shown.length));
  workflow.output('sarif-file', inputs.sarifFile ?? '');
  workflow.output('report-file', inputs.report ?? '');
  workflow.output('digest', outcome.models?.assessment.artifact.digest ?? '');
  workflow.output('change-digest', outcome.lines.assessment.artifact.digest ?? '');
  workflow.log(`${outcomeHeadline(outcome)}: ${outcome.shown.length} findings`);
  return code;
}

async function exitCode(
  env: NodeJS.ProcessEnv,
  inputs: Inputs,
  outcome: RunOutcome,
  { workflow, signal }: ReportingRun,
): Promise<number> {
  if (outcome.action === 'deny') return 1;
  if (outcome.incomplete) return 2;
  if (outcome.outages.length === 0) return 0;
  const what = outcome.outages.join(', ');
  if (inputs.onOutage === 'fail') return 2;
  const written = await withGitHub(env, inputs, signal, (github) =>
    github.neutralCheck(
      outcome.comparison.head,
      'Not decided',
      'A model store or the service of the organisation did not answer, so the change was not decided.',
    ),
  );
  if (written.kind === 'written') return 0;
  workflow.annotate({
    level: 'error',
    title: 'Assay could not complete',
    message: `${what} did not answer, and a neutral check could not be made: ${written.why}; give the job checks: write`,
  });
  return 2;
}

async function comment(
  env: NodeJS.ProcessEnv,
  inputs: Inputs,
  { comparison }: RunOutcome,
  text: string,
  { workflow, signal }: ReportingRun,
): Promise<void> {
  const { pullRequest } = comparison;
  if (pullRequest === undefined) return;
  const written = await withGitHub(env, inputs, signal, (github) =>
    github.comment(pullRequest.number, inputs.category, text),
  );
  if (written.kind === 'written') return;
  const why = pullRequest.fork
    ? 'the pull request comes from a fork, whose token only reads'
    : `${written.why}; give the job pull-requests: write`;
  workflow.annotate({
    level: 'notice',
    title: 'Assay wrote no comment',
    message: `${why}. See the summary of the job.`,
  });
}

async function withGitHub<T>(
  env: NodeJS.ProcessEnv,
  { githubToken }: Inputs,
  signal: AbortSignal,
  use: (github: GitHub) => Promise<T>,
) {
  if (githubToken === '') return { kind: 'refused', why: 'there is no github-token' } as const;
  const github = new GitHub(env, githubToken, signal);
  try {
    return await use(github);
  } finally {
    await github.close();
  }
}

/** Results of referenced models stand on the lines that reference them; those of files of the change on the files. */
function sarifOf(outcome: RunOutcome, { category }: Inputs, context: ReportContext): string {
  const places = new Map<Judged, { readonly file: string; readonly line: number } | undefined>(
    outcome.referenced.flatMap(({ outcome: one, places: at }) =>
      one.kind === 'judged' ? [[one.judged, at[0]] as const] : [],
    ),
  );
  // Each finding of a line is a result on that line; the files that contain the lines add no results.
  const { assessment, decision } = outcome.lines;
  const lines = { assessment: { ...assessment, files: [] }, decision };
  return renderSarif([...judgedOf(outcome), lines], context, {
    category,
    locate: (judged, file) => {
      const place = places.get(judged);
      return place === undefined ? { uri: pathToUri(file) } : { uri: pathToUri(place.file), line: place.line };
    },
  });
}

function messageOf(error: unknown): string {
  if (!isAssayError(error)) return `defect: ${error instanceof Error ? error.message : String(error)}`;
  const subject = error.subject === undefined ? '' : `${error.subject}: `;
  return `${subject}${withHint(error)}`;
}
