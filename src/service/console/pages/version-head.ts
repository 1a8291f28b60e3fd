import type { Version } from '../../../registry/index.ts';
import { type Html, html, told } from '../../../report/html/index.ts';
import { type PageParts, page } from '../layout.ts';
import { HOME, modelPath, versionPath } from '../links.ts';
import { note, tabs, type Viewer } from '../parts.ts';
import { stageChip } from '../tables.ts';
import type { Said } from '../words.ts';

export type VersionTab = 'overview' | 'assessment' | 'changes';

/** The frame of every page that is about one version. */
export function versionPage(
  viewer: Viewer,
  version: Version,
  tab: VersionTab,
  body: Html,
  said: Said | undefined = undefined,
): Html {
  const { id, model, number, stage } = version;
  const choices = tabs('Of this version', [
    [versionPath(id), 'Overview', tab === 'overview'],
    [versionPath(id, 'assessment'), 'Findings', tab === 'assessment'],
    ...(number > 1
      ? [[versionPath(id, 'changes'), `Changes since version ${number - 1}`, tab === 'changes'] as const]
      : []),
  ]);
  return page(viewer, {
    title: `${model} version ${number}${tab === 'overview' ? '' : tab === 'changes' ? ': changes' : ': findings'}`,
    heading: html`${told(model)} <span class="nowrap">version ${number}</span> ${stageChip(stage)}`,
    place: 'models',
    crumbs: crumbsOf(version),
    said,
    body: html`${choices}${tab === 'overview' ? '' : barNote(version)}${body}`,
  });
}

/** People see on every page of a version that its bytes are closed, by whatever name. The overview says so as its decision. */
function barNote({ barred = null, stage }: Version): Html {
  if (barred === null || stage === 'quarantined') return html``;
  return note('bad', html`<strong>Nobody may use or approve it</strong>: `, told(`${barred}.`));
}

/** The way to a page below a version. */
export function crumbsOf({ model }: Version): NonNullable<PageParts['crumbs']> {
  return [
    { href: HOME, text: 'Models' },
    { href: modelPath(model), text: model },
  ];
}
