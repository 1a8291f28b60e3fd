import type { Finding, Verdict } from '../../../core/assessment/index.ts';
import type { StoredDecision, Transition, Version } from '../../../registry/index.ts';
import {
  bulletList,
  chip,
  code,
  facts,
  type Html,
  html,
  NOTHING,
  SEVERITY_WORDS,
  table,
  told,
  VERDICT_WORDS,
} from '../../../report/html/index.ts';
import { count, humanBytes, type ReportDiff } from '../../../report/index.ts';
import { page } from '../layout.ts';
import { HOME, requestPath, versionPath, withQuery } from '../links.ts';
import { actForm, digest, linkButton, note, part, prose, type Viewer, when } from '../parts.ts';
import { actionChip, orQuiet, stageChip } from '../tables.ts';
import { REQUEST_WORDS, type Said, STAGE_WORDS } from '../words.ts';
import { neededApprovals } from './requests.ts';

export interface RequestView {
  readonly request: Transition;
  readonly version: Version;
  /** For the stage that is asked for. */
  readonly decision: StoredDecision | undefined;
  /** What was found, the gravest first, and the files; `undefined` without an assessment. */
  readonly assessed: AssessedRequest | undefined;
  readonly said: Said | undefined;
}

export interface AssessedRequest {
  readonly findings: readonly Finding[];
  readonly files: readonly { readonly path: string; readonly size: number; readonly verdict: Verdict }[];
  /** Against the version that stands at the stage that is asked for. */
  readonly changes: { readonly before: Version; readonly diff: ReportDiff } | undefined;
}

/** One request to move a version: what it is about, who voted, and what the viewer may do. */
export function requestPage(viewer: Viewer, view: RequestView): Html {
  const { request, version, decision, said } = view;
  const { from, to, state } = request;
  const body = html`${facts([
    [
      'State',
      html`${chip(REQUEST_WORDS[state])}${state === 'open' ? html` still needed: ${neededApprovals(request)}` : NOTHING}`,
    ],
    ['Version', html`<a href="${versionPath(version.id)}">${version.model} version ${version.number}</a>`],
    [
      'Move',
      html`${stageChip(from)} <span aria-hidden="true">→</span><span class="for-readers"> to </span> ${stageChip(to)}`,
    ],
    ['Digest', digest(version.digest)],
    ['Requested', html`${when(request.at)} by ${told(request.requestedBy)}`],
    ['Why', request.comment === '' ? undefined : prose(request.comment)],
  ])}${state === 'open' ? actsOn(viewer, view) : NOTHING}${decisionPart(view, decision)}${assessedParts(view)}${votesPart(request)}`;
  return page(viewer, {
    title: `${version.model} ${version.number} to ${STAGE_WORDS[to].text.toLowerCase()}`,
    place: 'requests',
    crumbs: [{ href: `${HOME}/requests`, text: 'Requests' }],
    said,
    body,
  });
}

function actsOn(viewer: Viewer, { request }: RequestView): Html {
  const isOwn = request.requestedBy === viewer.name;
  const isJudge = ['reviewer', 'security-approver', 'admin'].some((role) => viewer.roles.includes(role));
  const hasVoted = request.votes.some(({ by }) => by === viewer.name);
  const votes = isJudge && !isOwn && !hasVoted;
  const withdraw =
    isOwn || viewer.roles.includes('admin')
      ? actForm(viewer, requestPath(request.id, 'withdraw'), { label: 'Withdraw the request' })
      : NOTHING;
  const buttons = votes
    ? html`${linkButton(requestPath(request.id, 'approve'), { label: 'Approve…', kind: 'main' })}${linkButton(requestPath(request.id, 'reject'), { label: 'Reject…', kind: 'danger' })}`
    : NOTHING;
  return html`${whyNot(isOwn, isJudge, hasVoted)}<div class="acts">${buttons}${withdraw}</div>\n`;
}

function whyNot(isOwn: boolean, isJudge: boolean, hasVoted: boolean): Html {
  if (isOwn) return note('open', 'You requested this, so another person must approve it: requesters cannot vote.');
  if (!isJudge) return note('plain', 'Reviewers and security approvers vote on this; you can only read it.');
  return hasVoted ? note('plain', 'You have voted on this.') : NOTHING;
}

function decisionPart({ request, version }: RequestView, decision: StoredDecision | undefined): Html {
  const title = `The decision of the policy for ${request.to}`;
  if (decision === undefined)
    return part('decision', title, html`<p class="quiet">No policy is asked for this stage.</p>\n`);
  const { action, policy, violations } = decision.decision;
  const reasons = violations.map(({ rule, message }) => html`${told(message)} <code>${rule}</code>`);
  return part(
    'decision',
    title,
    html`<p>${actionChip(action)} by ${told(policy)}, decided ${when(decision.at)}. <a href="${withQuery(versionPath(version.id, 'assessment'), { stage: request.to })}">Findings</a></p>\n`,
    orQuiet(reasons.length === 0 ? undefined : bulletList(reasons), 'No rule was broken.'),
  );
}

/** Rows of a list; the rest are on the page of findings. */
const MAX_ROWS = 20;

/** What a voter looks at before a vote, without leaving the page. */
function assessedParts({ request, version, assessed }: RequestView): Html {
  if (assessed === undefined) return NOTHING;
  const { findings, files, changes } = assessed;
  const more = (left: number, noun: string) =>
    left <= 0
      ? NOTHING
      : html`<p><a href="${withQuery(versionPath(version.id, 'assessment'), { stage: request.to })}">${count(left, `more ${noun}`)}</a></p>\n`;
  const found = findings
    .slice(0, MAX_ROWS)
    .map(({ severity, message, ruleId, file, member }) => [
      html`${told(message)} <span class="number">${ruleId}</span>`,
      chip(SEVERITY_WORDS[severity]),
      html`${code(file)}${member === undefined ? NOTHING : html` › ${code(member)}`}`,
    ]);
  const listed = files
    .slice(0, MAX_ROWS)
    .map(({ path, size, verdict }) => [code(path), humanBytes(size), chip(VERDICT_WORDS[verdict])]);
  const columns = (...labels: readonly string[]) => labels.map((label) => ({ label }));
  return html`${part(
    'findings',
    'Findings',
    findings.length === 0
      ? html`<p class="quiet">None in what scanners judge.</p>\n`
      : table({ caption: 'The gravest first', columns: columns('What', 'Severity', 'Where'), rows: found }),
    more(findings.length - MAX_ROWS, 'finding'),
  )}${part('files', 'Files', table({ caption: 'With the verdict of each', columns: columns('File', 'Size', 'Verdict'), rows: listed }), more(files.length - MAX_ROWS, 'file'))}${changesPart(request, changes)}`;
}

function changesPart({ to }: Transition, changes: AssessedRequest['changes']): Html {
  const title = `Compared with what stands at ${to}`;
  if (changes === undefined)
    return part('changes', title, html`<p class="quiet">No other version of the model stands there.</p>\n`);
  const { before, diff } = changes;
  const { findings, files } = diff;
  return part(
    'changes',
    title,
    facts([
      ['Version there', html`<a href="${versionPath(before.id)}">version ${before.number}</a>`],
      [
        'Findings',
        `${findings.new.length} new, ${findings.fixed.length} fixed, ${findings.unchanged.length} unchanged`,
      ],
      [
        'Files',
        `${files.added.length} added, ${files.removed.length} removed, ${files.changed.length} changed, ${files.unchanged} the same`,
      ],
      [
        'New',
        findings.new.length === 0
          ? undefined
          : bulletList(
              findings.new.slice(0, MAX_ROWS).map(({ message, file }) => html`${told(message)} in ${code(file)}`),
            ),
      ],
    ]),
  );
}

function votesPart({ votes }: Transition): Html {
  if (votes.length === 0) return part('votes', 'Votes', html`<p class="quiet">Nobody has voted yet.</p>\n`);
  const columns = ['Who', 'Vote', 'Comment', 'When'].map((label) => ({ label }));
  const rows = votes.map(({ by, role, vote, comment, at }) => [
    html`${told(by)} <span class="number">as ${role}</span>`,
    chip(vote === 'approve' ? { text: 'Approves', tone: 'good' } : { text: 'Rejects', tone: 'bad' }),
    prose(comment),
    when(at),
  ]);
  return part('votes', 'Votes', table({ caption: 'In order', columns, rows }));
}
