import type { RuleResult } from '../../../core/assessment/index.ts';
import type {
  ApprovalRecord,
  CurrentDecision,
  Lineage,
  RefusedStage,
  StoredDecision,
  StoredWaiver,
  Transition,
  Version,
  VersionTests,
} from '../../../registry/index.ts';
import {
  bulletList,
  chip,
  code,
  facts,
  type Html,
  html,
  NOTHING,
  RULE_RESULTS,
  table,
  told,
} from '../../../report/html/index.ts';
import type { ReportFormat } from '../../reports/index.ts';
import { conversionPath, reportPath, versionPath, withQuery } from '../links.ts';
import { digest, linkButton, part, type Viewer, when } from '../parts.ts';
import { actionChip, stageChip, versionLink } from '../tables.ts';
import { type Said, STAGE_WORDS, WAYS } from '../words.ts';
import { requestsTable } from './requests.ts';
import { versionPage } from './version-head.ts';
import {
  approvalsPart,
  currentDecisionBlock,
  refusedNotes,
  type SeenAssessment,
  testsPart,
} from './version-parts/index.ts';
import { waiverTable } from './waivers.ts';

export interface VersionView {
  readonly version: Version;
  /** In the order of the stages. */
  readonly decisions: readonly StoredDecision[];
  /** The current decision; `undefined` without one. */
  readonly answer: CurrentDecision | undefined;
  /** The newest first. */
  readonly requests: readonly Transition[];
  readonly approvals: readonly ApprovalRecord[];
  readonly tests: VersionTests;
  /** Of this digest. */
  readonly waivers: readonly StoredWaiver[];
  readonly baseVersions: readonly { readonly ref: string; readonly versions: readonly Version[] }[];
  /** Of the newest assessment. */
  readonly seen: SeenAssessment | undefined;
  /** Stages that no approval opens. */
  readonly refused: readonly RefusedStage[];
  readonly said: Said | undefined;
}

/** The approvals and violations of a version, with their authors. */
export function overviewPage(viewer: Viewer, view: VersionView): Html {
  const { version, requests, approvals, said } = view;
  const names = new Map([[version.id, `${version.model} ${version.number}`]]);
  const body = html`${currentDecisionBlock(view)}${acts(viewer, view)}${decisionsPart(view)}<div class="two">${identityPart(view)}${lineagePart(view)}</div>
${part(
  'requests',
  'Requests for other stages',
  requests.length === 0
    ? html`<p class="quiet">No stage was requested yet.</p>\n`
    : requestsTable('The newest first', requests, names),
)}${testsPart(viewer, version, view.tests)}${approvalsPart(viewer, version, approvals)}${waiversPart(viewer, view)}${reportsPart(version)}`;
  return versionPage(viewer, version, 'overview', body, said);
}

function acts(viewer: Viewer, { version, requests, refused }: VersionView): Html {
  const may = (...wanted: readonly string[]) => wanted.some((role) => viewer.roles.includes(role));
  const { id, stage, barred = null } = version;
  const isAsked = requests.some(({ state }) => state === 'open');
  // Bytes that are closed under another name wait for that one.
  const isOpen = !isAsked && (barred === null || stage === 'quarantined');
  const ways = may('submitter', 'reviewer', 'security-approver', 'admin') && isOpen ? WAYS[stage] : [];
  // Nobody is offered what the registry refuses whoever approves: it is said why instead.
  const offered = ways.filter((to) => !refused.some((one) => one.stage === to));
  const buttons: Html[] = offered.map((to) =>
    linkButton(withQuery(versionPath(id, 'request'), { to }), {
      label: `Request ${STAGE_WORDS[to].text.toLowerCase()}…`,
      kind: 'main',
    }),
  );
  if (may('reviewer', 'security-approver', 'admin')) {
    if (stage === 'production') buttons.push(linkButton(versionPath(id, 'retire'), { label: 'Retire…' }));
    if (stage !== 'quarantined' && stage !== 'retired')
      buttons.push(linkButton(versionPath(id, 'quarantine'), { label: 'Quarantine…', kind: 'danger' }));
  }
  if (may('submitter', 'admin')) {
    buttons.push(linkButton(versionPath(id, 'convert'), { label: 'Convert…' }));
    buttons.push(linkButton(versionPath(id, 'test'), { label: 'Test…' }));
  }
  const why = refusedNotes(viewer, version, refused, ways);
  return html`${why}${buttons.length === 0 ? NOTHING : html`<div class="acts">${buttons}</div>\n`}`;
}

const SPEAKING: ReadonlySet<RuleResult> = new Set(['deny', 'warn', 'error', 'unavailable', 'audit']);
/** Rules that a cell names. */
const MAX_RULES = 12;

function decisionsPart({ version, decisions }: VersionView): Html {
  const columns = ['Stage', 'Decision', 'Rules', 'Policy', 'Decided'].map((label) => ({ label }));
  const rows = decisions.map(({ stage, decision, ruleset, at }) => [
    html`${STAGE_WORDS[stage].text}${stage === version.stage ? html`<span class="number">current stage</span>` : NOTHING}`,
    actionChip(decision.action),
    rulesThatSpoke(decision.rules),
    html`${told(decision.policy)} <span class="quiet"><code title="${decision.policyDigest}">${decision.policyDigest.slice(0, 15)}…</code></span>`,
    html`${when(at)} <span class="quiet">ruleset ${ruleset.version}</span>`,
  ]);
  const body =
    rows.length === 0
      ? html`<p>There is no decision yet.</p>\n`
      : table({ caption: 'The decision of the policy of each stage', columns, rows });
  return part('decisions', 'Decision for each stage', body);
}

function rulesThatSpoke(rules: StoredDecision['decision']['rules']): Html {
  const spoke = rules.filter(({ outcome }) => SPEAKING.has(outcome));
  if (spoke.length === 0) return html`<span class="quiet">all ${rules.length} rules pass</span>`;
  const shown = spoke
    .slice(0, MAX_RULES)
    .map(({ id, outcome, message }) => html`${chip(RULE_RESULTS[outcome])} ${code(id)} ${told(message)}`);
  const more = spoke.length - MAX_RULES;
  return bulletList([...shown, ...(more > 0 ? [`and ${more} more`] : [])]);
}

/** Pinned references that are listed. */
const MAX_PINNED = 20;

function identityPart({ version }: VersionView): Html {
  const { ref, pinned, aliases, createdAt, createdBy } = version;
  const rest = pinned.length - MAX_PINNED;
  return part(
    'identity',
    'Identity',
    facts([
      ['Digest', digest(version.digest)],
      ['Registered as', refLink(ref)],
      [
        'Read as',
        pinned.length === 0
          ? undefined
          : bulletList([...pinned.slice(0, MAX_PINNED).map(code), ...(rest > 0 ? [`and ${rest} more`] : [])]),
      ],
      ['Aliases', aliases.length === 0 ? undefined : html`${aliases.map((alias) => html`${code(alias)} `)}`],
      ['Registered', html`${when(createdAt)} by ${told(createdBy)}`],
    ]),
  );
}

/** A result of a conversion leads to it. */
function refLink(ref: string): Html {
  const prefix = 'conversion:';
  return ref.startsWith(prefix)
    ? html`<a href="${conversionPath(ref.slice(prefix.length))}">a conversion</a> ${code(ref)}`
    : code(ref);
}

function lineagePart({ version, baseVersions }: VersionView): Html {
  const { lineage } = version;
  if (isEmpty(lineage))
    return part(
      'lineage',
      'Lineage',
      html`<p class="quiet">Nobody said what it was made from. A submission may name base models, data, code and the run.</p>\n`,
    );
  const bases = lineage.baseModels.map(({ ref, digest: of }) => {
    const known = baseVersions.find((one) => one.ref === ref)?.versions ?? [];
    return html`${code(ref)}${of === null ? NOTHING : html` <span class="quiet">${of}</span>`}${known.map(
      (version) => html`<br>known as ${versionLink(version, true)} ${stageChip(version.stage)}`,
    )}`;
  });
  return part(
    'lineage',
    'Lineage',
    html`<p class="quiet">As its submitter says.</p>\n`,
    facts([
      ['Base models', bases.length === 0 ? undefined : bulletList(bases)],
      ['Data', lineage.datasets.length === 0 ? undefined : bulletList(lineage.datasets.map(code))],
      ['Code', lineage.code === null ? undefined : code(lineage.code)],
      ['Run', lineage.run === null ? undefined : code(lineage.run)],
    ]),
  );
}

function isEmpty({ baseModels, datasets, code: source, run }: Lineage): boolean {
  return baseModels.length === 0 && datasets.length === 0 && source === null && run === null;
}

function waiversPart(viewer: Viewer, { version, waivers }: VersionView): Html {
  const mayAdd = viewer.roles.includes('security-approver') || viewer.roles.includes('admin');
  return part(
    'waivers',
    'Waivers for these bytes',
    waivers.length === 0 ? html`<p class="quiet">No rule is waived.</p>\n` : waiverTable(viewer, waivers, new Date()),
    mayAdd
      ? linkButton(withQuery('/console/waivers/new', { digest: version.digest }), { label: 'Add a waiver…' })
      : NOTHING,
  );
}

function reportsPart({ id, stage }: Version): Html {
  const judged = (['candidate', 'staging', 'production'] as const).find((one) => one === stage) ?? 'candidate';
  const links = SHOWN_FORMATS.map(
    ([format, text]) => html`<li><a href="${reportPath(id, format, judged)}">${text}</a></li>`,
  );
  return part(
    'reports',
    'Reports',
    html`<p>The decision for ${STAGE_WORDS[judged].text.toLowerCase()}, with all that it rests on:</p>\n<ul class="reports">${links}</ul>\n`,
  );
}

const SHOWN_FORMATS: readonly (readonly [ReportFormat, string])[] = [
  ['html', 'Security review (HTML)'],
  ['json', 'JSON'],
  ['sarif', 'SARIF'],
  ['markdown', 'Markdown'],
  ['junit', 'JUnit'],
  ['cyclonedx', 'CycloneDX ML-BOM'],
  ['openvex', 'OpenVEX'],
  ['table', 'Text'],
];
