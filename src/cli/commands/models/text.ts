import {
  type ApprovalRecord,
  type CurrentDecision,
  type ModelSummary,
  STAGES,
  type StoredDecision,
  type Transition,
  type Version,
  type VersionTests,
} from '../../../registry/index.ts';
import { count, type Ink, TextPage, terminalText } from '../../../report/index.ts';
import { type ApprovedTextOptions, neededText, runText } from '../../registry/index.ts';
import { columnsText } from '../../terminal/index.ts';

/** All that is known of one version. */
export interface VersionFacts {
  readonly version: Version;
  /** The current decision, as JSON has called it from the start; `null` when it is not among the answers for these bytes. */
  readonly gate: CurrentDecision | null;
  readonly decisions: readonly StoredDecision[];
  readonly approvals: readonly ApprovalRecord[];
  /** The suite that is asked for, and the runs. */
  readonly tests: VersionTests;
  /** The newest first. */
  readonly transitions: readonly Transition[];
}

const MAX_NAME = 60;

export function modelsText(models: readonly ModelSummary[], { color }: ApprovedTextOptions): string {
  if (models.length === 0) return 'No models.\n';
  const rows = models.map(({ name, versions, newest, stages }) => [
    terminalText(name, MAX_NAME),
    String(versions),
    newest === null ? '' : `@${newest.number}`,
    STAGES.flatMap((stage) => {
      const version = stages[stage];
      return version === undefined ? [] : [`${stage} @${version.number}`];
    }).join(', '),
  ]);
  return columnsText(['MODEL', 'VERSIONS', 'NEWEST', 'STAGES'], rows, { color });
}

export function versionsText(versions: readonly Version[], { color }: ApprovedTextOptions): string {
  if (versions.length === 0) return 'No versions.\n';
  const rows = versions.map(({ number, stage, digest, aliases, createdAt, createdBy, ref }) => [
    `@${number}`,
    stage,
    terminalText(digest.slice(0, 19)),
    aliases.map((alias) => terminalText(alias, MAX_NAME)).join(', '),
    terminalText(createdAt.slice(0, 16)),
    terminalText(createdBy, MAX_NAME),
    terminalText(ref),
  ]);
  const head = ['VERSION', 'STAGE', 'DIGEST', 'ALIASES', 'REGISTERED', 'BY', 'REFERENCE'];
  return columnsText(head, rows, { color, ink: (column, text) => (column === 1 ? STAGE_INKS[text] : undefined) });
}

const STAGE_INKS: Readonly<Record<string, Ink>> = { production: 'green', staging: 'cyan', quarantined: 'red' };
const ACTION_INKS = { allow: 'green', warn: 'yellow', deny: 'red' } as const;

export function versionText(facts: VersionFacts, { width, color }: ApprovedTextOptions): string {
  const { version, decisions, approvals, transitions } = facts;
  const page = new TextPage(width, color);
  page.row('version', `${terminalText(version.model)}@${version.number}`, 'bold');
  page.row('stage', version.stage, STAGE_INKS[version.stage]);
  if (facts.gate !== null) currentDecisionRow(page, facts.gate);
  page.row('digest', terminalText(version.digest));
  page.row('reference', terminalText(version.ref));
  for (const pinned of version.pinned) page.row('pinned', terminalText(pinned));
  if (version.aliases.length > 0) page.row('aliases', version.aliases.map((alias) => terminalText(alias)).join(', '));
  page.row('registered', terminalText(`${version.createdAt} by ${version.createdBy}`));
  lineageRows(page, version);
  testRows(page, facts.tests);
  for (const decision of decisions) decisionRows(page, decision);
  for (const approval of approvals) approvalRows(page, approval);
  const open = transitions.find(({ state }) => state === 'open');
  if (open !== undefined) requestRows(page, open);
  return page.toString();
}

/** A stage is where it stands; whether it may run there is another question. */
function currentDecisionRow(page: TextPage, { approvedFor, notAfter, reason }: CurrentDecision): void {
  const until = notAfter === null ? '' : `, until ${notAfter}`;
  if (approvedFor.length > 0) page.row('may run at', `${approvedFor.join(', ')}${until}`, 'green');
  else page.row('may run at', 'no stage', 'yellow');
  if (reason !== '') page.row('', terminalText(reason), 'yellow');
}

function lineageRows(page: TextPage, { lineage }: Version): void {
  for (const { ref } of lineage.baseModels) page.row('base model', terminalText(ref));
  for (const dataset of lineage.datasets) page.row('dataset', terminalText(dataset));
  if (lineage.code !== null) page.row('code', terminalText(lineage.code));
  if (lineage.run !== null) page.row('run', terminalText(lineage.run));
}

const CHECK_INKS = { pass: 'green', fail: 'red', error: 'red', 'not-assessed': 'yellow' } as const;

function testRows(page: TextPage, { suite, check, items }: VersionTests): void {
  if (suite === null && items.length === 0) return;
  page.gap();
  page.row('suite', suite === null ? 'none is asked for' : terminalText(`${suite.name} ${suite.digest}`));
  if (check !== null) page.row('tests', terminalText(`${check.status}: ${check.detail}`), CHECK_INKS[check.status]);
  for (const run of items) {
    page.row('run', terminalText(`${run.id} ${runText(run)}`), run.state === 'counts' ? CHECK_INKS[run.status] : 'dim');
    page.row('', terminalText(`signed by ${run.signer}, run ${run.ranAt}, added ${run.at} by ${run.createdBy}`), 'dim');
    if (run.why !== '') page.row('', terminalText(`revoked: ${run.why}`), 'dim');
  }
}

function decisionRows(page: TextPage, { stage, decision, ruleset, at }: StoredDecision): void {
  page.gap();
  page.row(stage, `${decision.action} under ${terminalText(decision.policy)}`, ACTION_INKS[decision.action]);
  for (const { rule, message } of decision.violations) page.row('', terminalText(`${rule}: ${message}`));
  page.row('', `${terminalText(decision.policyDigest)}, ruleset ${terminalText(ruleset.version)}, ${at}`, 'dim');
}

function approvalRows(page: TextPage, approval: ApprovalRecord): void {
  const { id, stage, role, method, signer, at, until, state, why } = approval;
  const holds = state === 'valid' || state === 'carried';
  page.gap();
  page.row('approval', terminalText(`${id} for ${stage}`));
  page.row(state, terminalText(why === '' ? `as ${role}` : `as ${role}: ${why}`), holds ? 'green' : 'red');
  page.row('signer', terminalText(`${signer} (${method})`));
  page.row('given', terminalText(until === null ? at : `${at}, until ${until}`));
}

function requestRows(page: TextPage, request: Transition): void {
  page.gap();
  page.row('asked for', `${request.to}, by ${terminalText(request.requestedBy)}, ${request.at}`, 'yellow');
  if (request.comment !== '') page.row('', terminalText(request.comment));
  const given = request.votes.filter(({ vote }) => vote === 'approve').length;
  page.row('needed', `${neededText(request)} (${count(given, 'approval')} given)`);
}
