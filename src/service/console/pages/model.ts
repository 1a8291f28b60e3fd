import type { CurrentDecision, ModelSummary, Page, Version } from '../../../registry/index.ts';
import { code, facts, type Html, html, table, told } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { HOME, modelPath, withQuery } from '../links.ts';
import { pager, part, shortDigest, type Viewer, when } from '../parts.ts';
import { actionChip, orQuiet, stageChip, versionLink } from '../tables.ts';

export interface ModelView {
  readonly model: ModelSummary;
  readonly versions: Page<Version>;
  /** Current decisions, by the id of the version. */
  readonly answers: ReadonlyMap<string, CurrentDecision>;
  readonly after: string | undefined;
}

/** A model and its versions. */
export function modelPage(viewer: Viewer, { model, versions, answers, after }: ModelView): Html {
  const path = modelPath(model.name);
  const columns = ['Version', 'Stage', 'Current decision', 'Digest', 'Registered'].map((label) => ({ label }));
  const rows = versions.items.map((version) => [
    html`${versionLink(version)}${version.aliases.map((alias) => html` ${code(alias)}`)}`,
    stageChip(version.stage),
    currentDecision(answers.get(version.id)),
    shortDigest(version.digest),
    html`${when(version.createdAt)} <span class="quiet">by ${told(version.createdBy)}</span>`,
  ]);
  const next = versions.next === null ? null : withQuery(path, { after: versions.next });
  const body = html`${facts([
    ['Description', model.description === '' ? undefined : told(model.description)],
    ['First registered', html`${when(model.createdAt)} by ${told(model.createdBy)}`],
  ])}${part('versions', 'Versions', table({ caption: 'The newest first', columns, rows }), pager(next, after === undefined ? null : path, { next: 'Older versions' }))}`;
  return page(viewer, {
    title: model.name,
    place: 'models',
    crumbs: [{ href: HOME, text: 'Models' }],
    body,
  });
}

function currentDecision(answer: CurrentDecision | undefined): Html {
  if (answer === undefined) return orQuiet(undefined, 'nothing');
  return html`${actionChip(answer.action)}${answer.reason === '' ? '' : html` <span class="quiet">${told(answer.reason)}</span>`}`;
}
