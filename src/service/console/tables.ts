import type { Action } from '../../core/assessment/index.ts';
import type { Stage, Version } from '../../registry/index.ts';
import { ACTION_WORDS, chip, type Html, type HtmlValue, html, NOTHING } from '../../report/html/index.ts';
import { versionPath } from './links.ts';
import { STAGE_WORDS } from './words.ts';

export function stageChip(stage: Stage): Html {
  return chip(STAGE_WORDS[stage]);
}

export function actionChip(action: Action): Html {
  return chip(ACTION_WORDS[action]);
}

export function versionLink({ id, number, model }: Version, withModel = false): Html {
  return withModel
    ? html`<a href="${versionPath(id)}">${model} ${number}</a>`
    : html`<a href="${versionPath(id)}"><span class="for-readers">${model} </span>version ${number}</a>`;
}

export function orQuiet(value: Html | undefined, otherwise: string): Html {
  return value ?? html`<span class="quiet">${otherwise}</span>`;
}

export function filters(
  label: string,
  entries: readonly (readonly [href: string, text: string, isHere: boolean])[],
  more: HtmlValue = NOTHING,
): Html {
  const rows = entries.map(
    ([href, text, isHere]) =>
      html`<li><a href="${href}"${isHere ? html` aria-current="true"` : NOTHING}>${text}</a></li>`,
  );
  return html`<div class="filters"><nav aria-label="${label}"><ul>${rows}</ul></nav>${more}</div>\n`;
}
