import type { Version } from '../../../registry/index.ts';
import {
  ACTION_WORDS,
  CHECK_STATUSES,
  capped,
  chip,
  code,
  facts,
  type Html,
  type HtmlValue,
  html,
  NOTHING,
  RISK_STATUSES,
  SEVERITY_WORDS,
  table,
  told,
  VERDICT_WORDS,
} from '../../../report/html/index.ts';
import { count, OWASP_RISKS, type ReportDiff } from '../../../report/index.ts';
import { versionPath } from '../links.ts';
import { part, type Viewer } from '../parts.ts';
import { versionPage } from './version-head.ts';

export interface ChangesView {
  readonly version: Version;
  readonly before: Version;
  readonly diff: ReportDiff;
}

/** Rows of a list; the rest are counted. */
const MAX_ROWS = 200;

/** The changes of a version since the previous one. */
export function changesPage(viewer: Viewer, { version, before, diff }: ChangesView): Html {
  const { findings, files } = diff;
  const body = html`<p class="lead">Compared with <a href="${versionPath(before.id)}">version ${before.number}</a>, each under the policy for candidates.</p>
${facts([
  ['Decision', decision(diff)],
  ['Ruleset', ruleset(diff)],
  [
    'Findings',
    `${findings.new.length} new, ${findings.fixed.length} fixed, ${findings.changed.length} with another severity, ${findings.unchanged.length} unchanged`,
  ],
  [
    'Files',
    `${files.added.length} added, ${files.removed.length} removed, ${files.changed.length} changed, ${files.unchanged} the same`,
  ],
])}${findingsPart('new', 'New findings', findings.new)}${findingsPart('fixed', 'Fixed findings', findings.fixed)}${filesPart(diff)}${risksPart(diff)}${checksPart(diff)}`;
  return versionPage(viewer, version, 'changes', body);
}

function change(from: HtmlValue, to: HtmlValue): Html {
  return html`${from} <span aria-hidden="true">→</span><span class="for-readers"> now </span> ${to}`;
}

function decision({ decision: { from, to } }: ReportDiff): Html {
  const now = chip(ACTION_WORDS[to.action]);
  return from.action === to.action ? html`${now} as before` : change(chip(ACTION_WORDS[from.action]), now);
}

function ruleset({ ruleset: { from, to } }: ReportDiff): HtmlValue {
  if (from.digest === to.digest) return html`${to.version}, the same`;
  return html`${change(from.version, to.version)}: findings may differ because of the rules`;
}

function findingsPart(id: string, title: string, findings: ReportDiff['findings']['new']): Html {
  const columns = ['What', 'Severity', 'Where'].map((label) => ({ label }));
  const [shown, rest] = capped(findings, MAX_ROWS, (left) => `${count(left, 'more finding')}.`);
  const rows = shown.map(({ ruleId, severity, message, file, member }) => [
    html`${told(message)} <span class="number">${ruleId}</span>`,
    chip(SEVERITY_WORDS[severity]),
    html`${code(file)}${member === null ? '' : html` › ${code(member)}`}`,
  ]);
  return some(id, title, rows, html`${table({ caption: 'Worst first', columns, rows })}${rest}`);
}

function filesPart({ files }: ReportDiff): Html {
  const columns = ['File', 'Change', 'Verdict'].map((label) => ({ label }));
  const all = [
    ...files.added.map(({ path, verdict }) => [code(path), 'added', chip(VERDICT_WORDS[verdict])]),
    ...files.removed.map(({ path, verdict }) => [code(path), 'removed', chip(VERDICT_WORDS[verdict])]),
    ...files.changed.map(({ path, bytes, from, to }) => [
      code(path),
      bytes === 'same' ? 'the same bytes' : 'other bytes',
      from.verdict === to.verdict
        ? chip(VERDICT_WORDS[to.verdict])
        : change(chip(VERDICT_WORDS[from.verdict]), chip(VERDICT_WORDS[to.verdict])),
    ]),
  ];
  const [rows, rest] = capped(all, MAX_ROWS, (left) => `${count(left, 'more file')}.`);
  return some('files', 'Files', rows, html`${table({ caption: 'Changed files', columns, rows })}${rest}`);
}

function risksPart({ risks }: ReportDiff): Html {
  const columns = ['Risk', 'Status'].map((label) => ({ label }));
  const rows = risks.map(({ id, from, to }) => [
    html`<span class="number">${id}</span> ${OWASP_RISKS[id]?.title ?? ''}`,
    change(
      from === null ? 'missing' : chip(RISK_STATUSES[from.status]),
      to === null ? 'missing' : chip(RISK_STATUSES[to.status]),
    ),
  ]);
  return some('risks', 'OWASP risks', rows, table({ caption: 'Risks with another status', columns, rows }));
}

function checksPart({ checks }: ReportDiff): Html {
  const columns = ['Check', 'Answer'].map((label) => ({ label }));
  const [shown, rest] = capped(checks, MAX_ROWS, (left) => `${count(left, 'more check')}.`);
  const word = (status: (typeof checks)[number]['to']) =>
    status === null ? 'not evaluated' : chip(CHECK_STATUSES[status]);
  const rows = shown.map(({ id, from, to }) => [code(id), change(word(from), word(to))]);
  return some(
    'checks',
    'Checks',
    rows,
    html`${table({ caption: 'Checks with another result', columns, rows })}${rest}`,
  );
}

/** A part of the page, unless there is nothing to list. */
function some(id: string, title: string, rows: readonly unknown[], body: Html): Html {
  return rows.length === 0 ? NOTHING : part(id, title, body);
}
