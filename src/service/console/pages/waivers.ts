import { endOfWaiver } from '../../../policy/waivers/index.ts';
import type { Page, StoredWaiver } from '../../../registry/index.ts';
import { chip, code, type Html, html, NOTHING, type ReportWord, table, told } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { HOME, withQuery } from '../links.ts';
import {
  actForm,
  button,
  empty,
  field,
  form,
  linkButton,
  note,
  pager,
  shortDigest,
  type Viewer,
  when,
} from '../parts.ts';
import type { Said } from '../words.ts';

const PATH = `${HOME}/waivers`;

export interface WaiversView {
  readonly waivers: Page<StoredWaiver>;
  readonly after: string | undefined;
  readonly said: Said | undefined;
  readonly now: Date;
}

/** Waives for single rules on single artifacts, those that ended included. */
export function waiversPage(viewer: Viewer, { waivers, after, said, now }: WaiversView): Html {
  const next = waivers.next === null ? null : withQuery(PATH, { after: waivers.next });
  const body = html`<p class="lead">A waiver suspends one rule for one artifact until a day, and has an owner. What is malicious cannot be waived.</p>
${mayWaive(viewer) ? html`<div class="acts">${linkButton(`${PATH}/new`, { label: 'Add a waiver…', kind: 'main' })}</div>\n` : NOTHING}${
  waivers.items.length === 0
    ? empty(
        'No rule is waived',
        html`<p>When a policy denies what was looked at and found to be harmless, a security approver waives the rule for that digest, with a
reason and an end. Every version of the digest is then decided again.</p>\n`,
      )
    : waiverTable(viewer, waivers.items, now)
}${pager(next, after === undefined ? null : PATH, { next: 'Older waivers' })}`;
  return page(viewer, { title: 'Waivers', place: 'waivers', said, body });
}

export function waiverTable(viewer: Viewer, waivers: readonly StoredWaiver[], now: Date): Html {
  const columns = ['Rule', 'State', 'Artifact', 'Why', 'Owner', 'Act'].map((label) => ({ label }));
  const rows = waivers.map((stored) => {
    const { waiver, id, createdBy, at } = stored;
    const state = stateOf(stored, now);
    return [
      html`${code(waiver.rule)}${waiver.file === undefined ? NOTHING : html`<span class="number">in ${waiver.file}</span>`}`,
      html`${chip(state)} <span class="quiet">until ${when(waiver.expires)}</span>`,
      shortDigest(waiver.digest),
      told(waiver.reason),
      html`${told(waiver.owner)} <span class="quiet">added by ${told(createdBy)}, ${when(at)}</span>`,
      state === HOLDS && mayWaive(viewer)
        ? actForm(viewer, `${PATH}/${encodeURIComponent(id)}/revoke`, {
            label: 'Revoke',
            kind: 'danger',
            of: `the waiver of ${waiver.rule}`,
          })
        : html`<span class="quiet">–</span>`,
    ];
  });
  return table({ caption: 'The newest first', columns, rows });
}

const HOLDS: ReportWord = { text: 'Waives', tone: 'caution' };
const ENDED: ReportWord = { text: 'Ended', tone: 'plain' };
const REVOKED: ReportWord = { text: 'Revoked', tone: 'dark' };

function stateOf({ waiver, revokedAt }: StoredWaiver, now: Date): ReportWord {
  if (revokedAt !== null) return REVOKED;
  return endOfWaiver(waiver.expires) > now ? HOLDS : ENDED;
}

/** @param from the artifact and the rule that the page was reached from */
export function newWaiverPage(
  viewer: Viewer,
  from: { readonly digest?: string | undefined; readonly rule?: string | undefined },
  draft?: Draft,
): Html {
  const value = (name: string) => typedInto(draft, name);
  const body = html`${refusalNote(draft)}${note('caution', 'The rule does not apply to these bytes, at any stage and in any model, until the day that you choose.')}${form(
    viewer,
    `${PATH}/new`,
    field({
      name: 'rule',
      label: 'Rule',
      required: true,
      most: 100,
      value: typedInto(draft, 'rule', from.rule),
      example: 'pickle.global.unlisted',
      hint: 'The id of a rule of a policy or of the catalogue, as in a decision.',
    }),
    field({
      name: 'digest',
      label: 'Digest of the artifact',
      required: true,
      most: 71,
      value: typedInto(draft, 'digest', from.digest),
      example: 'sha256:…',
    }),
    field({
      name: 'file',
      label: 'Only in this file',
      most: 1000,
      value: value('file'),
      hint: 'The path within the artifact. If empty, all files.',
    }),
    field({
      name: 'reason',
      label: 'Why',
      required: true,
      most: 2000,
      value: value('reason'),
      hint: 'The reason why it is harmless here. One line.',
    }),
    field({
      name: 'owner',
      label: 'Owner',
      required: true,
      most: 200,
      value: value('owner'),
      example: 'ada@example.org',
    }),
    field({
      name: 'expires',
      label: 'Ends on',
      required: true,
      kind: 'date',
      value: value('expires'),
      hint: 'From the start of that day (UTC) the rule applies again.',
    }),
    html`<div class="acts">${button({ label: 'Waive the rule', kind: 'danger' })}${linkButton(PATH, { label: 'Back' })}</div>\n`,
  )}`;
  return page(viewer, { title: 'Add a waiver', place: 'waivers', crumbs: [{ href: PATH, text: 'Waivers' }], body });
}

function mayWaive({ roles }: Viewer): boolean {
  return roles.includes('security-approver') || roles.includes('admin');
}
