import type { Action, Finding } from '../../../../core/assessment/index.ts';
import type { CurrentDecision, RefusedStage, Stage, StoredDecision, Version } from '../../../../registry/index.ts';
import { ACTION_WORDS, code, type Html, type HtmlValue, html, NOTHING, told } from '../../../../report/html/index.ts';
import { count } from '../../../../report/index.ts';
import { versionPath, withQuery } from '../../links.ts';
import { linkButton, note, type Viewer, when } from '../../parts.ts';
import { STAGE_WORDS } from '../../words.ts';

/** What the newest assessment says, in numbers, and its gravest finding. */
export interface SeenAssessment {
  readonly at: string;
  readonly findings: number;
  readonly files: number;
  /** Files that nobody judged. */
  readonly unjudged: number;
  /** Those, and questions without an answer. */
  readonly open: number;
  readonly worst: Finding | undefined;
}

interface DecisionView {
  readonly answer: CurrentDecision | undefined;
  readonly version: Version;
  readonly decisions: readonly StoredDecision[];
  readonly seen: SeenAssessment | undefined;
}

/** What holds now, why, and in which file it is: the first thing that somebody reads about a version. */
export function currentDecisionBlock(view: DecisionView): Html {
  const { answer, version, seen } = view;
  const action: Action = answer?.action ?? 'deny';
  const { text, tone } = ACTION_WORDS[action];
  const reason = answer === undefined ? 'no decision yet' : answer.reason || warningsOf(view, action);
  const standing = answer?.approvedFor.map((stage) => STAGE_WORDS[stage].text.toLowerCase()).join(', ') ?? '';
  const why = html`${reason === '' ? NOTHING : html`<span class="why">${told(reason)}</span>`}${
    action === 'deny' && seen?.worst !== undefined ? html`<span class="why">${whereOf(seen.worst)}</span>` : NOTHING
  }${standing === '' ? NOTHING : html`<span class="why">May run at: ${standing}${until(answer)}.</span>`}`;
  return html`<p class="decision ${tone}"><span class="label">Current decision</span> <strong>${text}</strong>${why}</p>\n${seen === undefined ? NOTHING : summaryOf(version, seen)}`;
}

/** Of a version that is allowed, what its stage warns of. */
function warningsOf({ decisions, version }: DecisionView, action: Action): string {
  if (action !== 'warn') return '';
  const at =
    decisions.find(({ stage }) => stage === version.stage) ?? decisions.find(({ stage }) => stage === 'candidate');
  const warned = at?.decision.rules.filter(({ outcome }) => outcome === 'warn') ?? [];
  const [first] = warned;
  if (first === undefined) return '';
  return `${first.id}: ${first.message}${warned.length === 1 ? '' : ` (and ${count(warned.length - 1, 'more warning')})`}`;
}

/** `model.pkl: calls os.system`, and what it was read from. */
function whereOf({ file, member, message, evidence }: Finding): Html {
  const inside = member === undefined || member === '' ? NOTHING : html` › ${code(member)}`;
  return html`${code(file)}${inside}: ${told(message)}${evidence === undefined || evidence === '' ? NOTHING : html` ${code(evidence.slice(0, MAX_EVIDENCE))}`}`;
}

/** UTF-16 units: the page of findings has all of it. */
const MAX_EVIDENCE = 120;

function until(answer: CurrentDecision | undefined): HtmlValue {
  return answer === undefined || answer.notAfter === null ? '' : html`, until ${when(answer.notAfter)}`;
}

/** Never "no findings" of what nobody judged. */
function summaryOf({ id }: Version, { findings, files, unjudged, open, at }: SeenAssessment): Html {
  const all = files === 1 ? 'its file' : `its ${files} files`;
  const judged = files - unjudged;
  const found =
    findings > 0
      ? `${count(findings, 'finding')} in ${all}`
      : judged === 0
        ? `No scanner judges ${all}`
        : unjudged === 0
          ? `No findings in ${all}`
          : `No findings in the ${judged} of ${all} that a scanner judges`;
  const unseen =
    open === 0
      ? NOTHING
      : html`, and <a href="${versionPath(id, 'assessment')}#unseen">${count(open, 'part')} that ${open === 1 ? 'was' : 'were'} not scanned</a>`;
  return html`<p>${found}, looked at ${when(at)}. <a href="${versionPath(id, 'assessment')}">Findings</a>${unseen}.</p>\n`;
}

/** Why a version cannot be asked for where it would go next, and the next step of the way there. */
export function refusedNotes(
  { roles }: Viewer,
  { digest }: Version,
  refused: readonly RefusedStage[],
  ways: readonly Stage[],
): Html {
  const shown = refused.filter(({ stage }) => ways.includes(stage));
  return html`${shown.map(({ stage, rule, message, next, isWaivable }) => {
    const what = `${STAGE_WORDS[stage].text} cannot be requested: ${message}`;
    const step = `${next.charAt(0).toUpperCase()}${next.slice(1)}.`;
    const mayWaive = isWaivable && (roles.includes('security-approver') || roles.includes('admin'));
    return html`${note('plain', told(`${what}. `), step, html` ${code(rule)}`)}${
      mayWaive
        ? html`<div class="acts">${linkButton(withQuery('/console/waivers/new', { digest, rule }), { label: `Waive ${rule}…` })}</div>\n`
        : NOTHING
    }`;
  })}`;
}
