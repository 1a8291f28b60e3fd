import type { ApprovalRecord, Stage, StoredDecision, Transition, Version } from '../../registry/index.ts';
import { count, jsonText, TextPage, terminalText } from '../../report/index.ts';

export interface ApprovedTextOptions {
  readonly width: number;
  readonly color: boolean;
}

/** The outcome for one stage. */
export interface Step {
  /** What the approver saw. */
  readonly seen: StoredDecision;
  readonly transition: Transition;
  /** `undefined` where the rules ask for none. */
  readonly approval: ApprovalRecord | undefined;
}

export interface ApprovalResult {
  readonly registry: string;
  /** As it stands now. */
  readonly version: Version;
  /** It was registered just now. */
  readonly created: boolean;
  /** That was asked for. */
  readonly stage: Stage;
  readonly steps: readonly Step[];
}

/** The object of the approval. */
export function requestText(
  version: Version,
  seen: readonly StoredDecision[],
  signer: string | undefined,
  options: ApprovedTextOptions,
): string {
  const page = new TextPage(options.width, options.color);
  versionRows(page, version);
  for (const one of seen) {
    page.gap();
    decisionRows(page, one);
  }
  if (signer !== undefined && signer !== '') page.row('signed by', signer);
  page.gap();
  return page.toString();
}

export function approvedText(approved: ApprovalResult, quiet: boolean, options: ApprovedTextOptions): string {
  const { version, steps, created } = approved;
  if (quiet) return steps.flatMap(({ approval }) => (approval === undefined ? [] : [`${approval.id}\n`])).join('');
  const page = new TextPage(options.width, options.color);
  const last = steps.at(-1);
  page.row(isDone(approved) ? 'APPROVED' : 'SIGNED', `${labelOf(version)} for ${approved.stage}`, 'bold', 'bold');
  versionRows(page, version);
  page.row('registered', created ? 'just now' : `${version.createdAt} by ${terminalText(version.createdBy)}`);
  for (const step of steps) {
    page.gap();
    decisionRows(page, step.seen);
    stepRows(page, step);
  }
  page.gap();
  page.row('stands at', version.stage, isDone(approved) ? 'green' : 'yellow');
  if (last !== undefined && !isDone(approved)) page.row('needed', neededText(last.transition), 'yellow');
  return page.toString();
}

/** For programs. */
export function approvedJson(approved: ApprovalResult): string {
  const { version, steps, registry, created, stage } = approved;
  const document = {
    schemaVersion: '1',
    registry,
    created,
    stage,
    approved: isDone(approved),
    version,
    steps: steps.map(({ seen, transition, approval }) => ({
      stage: seen.stage,
      decision: {
        action: seen.decision.action,
        policy: seen.decision.policy,
        policyDigest: seen.decision.policyDigest,
        violations: seen.decision.violations,
      },
      ruleset: seen.ruleset,
      suite: seen.suite ?? null,
      transition: { id: transition.id, state: transition.state },
      ...tally(transition),
      needed: transition.needed,
      approval: approval ?? null,
    })),
  };
  return `${jsonText(document, 2)}\n`;
}

function isDone({ version, stage, steps }: ApprovalResult): boolean {
  return version.stage === stage && steps.every(({ transition }) => transition.state === 'approved');
}

function versionRows(page: TextPage, version: Version): void {
  page.row('version', labelOf(version));
  page.row('digest', terminalText(version.digest));
  page.row('reference', terminalText(version.ref));
}

function decisionRows(page: TextPage, { stage, decision, ruleset, suite = null }: StoredDecision): void {
  const inks = { allow: 'green', warn: 'yellow', deny: 'red' } as const;
  page.row('stage', stage, 'bold');
  page.row('decision', decision.action, inks[decision.action]);
  page.row('policy', `${terminalText(decision.policy)} ${terminalText(decision.policyDigest)}`);
  page.row('ruleset', `${terminalText(ruleset.version)} ${terminalText(ruleset.digest)}`);
  if (suite !== null) page.row('suite', `${terminalText(suite.name)} ${terminalText(suite.digest)}`);
  const told = decision.rules.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'audit');
  for (const { id, outcome, message } of told) page.row(outcome, terminalText(`${id}: ${message}`), 'yellow');
}

function stepRows(page: TextPage, { transition, approval }: Step): void {
  if (approval === undefined) {
    page.row('approval', 'none is asked for');
    return;
  }
  const { given, wanted } = tally(transition);
  page.row('approval', `${approval.id} (${approval.method}, as ${approval.role})`);
  page.row('signer', terminalText(approval.signer));
  if (approval.until !== null) page.row('until', approval.until);
  page.row('approvals', `${given} of ${wanted}`);
}

/** How many approvals there are of how many. */
function tally({ votes, needed }: Transition): { readonly given: number; readonly wanted: number } {
  const given = votes.filter(({ vote }) => vote === 'approve').length;
  return { given, wanted: given + needed.reduce((sum, one) => sum + one.count, 0) };
}

/** Approvals that a transition still needs. */
export function neededText({ needed, state }: Transition): string {
  if (state !== 'open') return `nothing: it is ${state}`;
  if (needed.length === 0) return 'the conditions of the policy beyond the rules of the registry';
  return needed.map((one) => `${count(one.count, 'approval')} more by a ${one.role}`).join(', ');
}

function labelOf({ model, number }: Version): string {
  return `${terminalText(model)}@${number}`;
}
