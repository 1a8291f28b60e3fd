import {
  type CurrentDecision,
  type ModelSummary,
  type Page,
  STAGES,
  type Stage,
  type Version,
} from '../../../registry/index.ts';
import { code, type Html, html, NOTHING, table } from '../../../report/html/index.ts';
import { count } from '../../../report/index.ts';
import { page } from '../layout.ts';
import { HOME, modelPath, withQuery } from '../links.ts';
import { command, empty, linkButton, pager, type Viewer } from '../parts.ts';
import { actionChip, filters, orQuiet, stageChip, versionLink } from '../tables.ts';
import { STAGE_WORDS } from '../words.ts';

export interface ModelsView {
  readonly models: Page<ModelSummary>;
  /** Current decisions on the newest version of each model, by the id of the version. */
  readonly answers: ReadonlyMap<string, CurrentDecision>;
  readonly stage: Stage | undefined;
  readonly search: string | undefined;
  readonly after: string | undefined;
}

/** All models, by the stages that their versions stand at. */
export function modelsPage(viewer: Viewer, view: ModelsView): Html {
  const { models, stage, search, after } = view;
  const isFiltered = stage !== undefined || search !== undefined;
  const here = (next: string | undefined) => withQuery(HOME, { stage, search, after: next });
  const body =
    models.items.length === 0 && !isFiltered
      ? noModels(viewer)
      : html`<p class="lead">The newest version of each model, and where its versions stand.</p>
${filters('Stage', stageFilters(view), searchForm(view))}${
  models.items.length === 0 ? nothingFits() : modelTable(view)
}${pager(models.next === null ? null : here(models.next), after === undefined ? null : here(undefined), { next: 'More models' })}`;
  return page(viewer, { title: 'Models', place: 'models', body });
}

function stageFilters({ stage, search }: ModelsView): (readonly [string, string, boolean])[] {
  return [
    [withQuery(HOME, { search }), 'All', stage === undefined],
    ...STAGES.map((one) => [withQuery(HOME, { stage: one, search }), STAGE_WORDS[one].text, one === stage] as const),
  ];
}

function searchForm({ stage, search = '' }: ModelsView): Html {
  return html`<form class="search" method="get" action="${HOME}" role="search">
${stage === undefined ? NOTHING : html`<input type="hidden" name="stage" value="${stage}">`}<input type="search" name="search" value="${search}" maxlength="200" aria-label="Part of a model's name" placeholder="Part of a name">
<button class="button">Search</button></form>`;
}

function modelTable({ models, answers }: ModelsView): Html {
  const columns = ['Model', 'Newest', 'Candidate', 'Staging', 'Production', 'Stopped'].map((label) => ({ label }));
  const rows = models.items.map((model) => [
    html`<a href="${modelPath(model.name)}">${model.name}</a><span class="number">${count(model.versions, 'version')}</span>`,
    newest(model.newest, answers),
    ...(['candidate', 'staging', 'production'] as const).map((stage) => at(model.stages[stage])),
    stopped(model),
  ]);
  return table({ caption: `${count(rows.length, 'model')}, by name`, columns, rows });
}

function newest(version: Version | null, answers: ModelsView['answers']): Html {
  if (version === null) return orQuiet(undefined, 'none');
  const answer = answers.get(version.id);
  return html`${versionLink(version)} ${answer === undefined ? NOTHING : actionChip(answer.action)}`;
}

function at(version: Version | undefined): Html {
  return orQuiet(version === undefined ? undefined : versionLink(version), '–');
}

function stopped({ stages }: ModelSummary): Html {
  const shown = (['quarantined', 'retired'] as const).flatMap((stage) => {
    const version = stages[stage];
    return version === undefined ? [] : [html`${versionLink(version)} ${stageChip(stage)} `];
  });
  return orQuiet(shown.length === 0 ? undefined : html`${shown}`, '–');
}

function nothingFits(): Html {
  return empty(
    'No matching models',
    html`<p>No model of this name stands there. <a href="${HOME}">Show all of them.</a></p>\n`,
  );
}

function noModels({ roles }: Viewer): Html {
  const maySubmit = roles.includes('submitter') || roles.includes('admin');
  return empty(
    'No models yet',
    html`<p>A model is known from its first scan on: it is read without running any of it, judged, and stands as
${code('candidate')} until people approve it for more.</p>\n`,
    maySubmit ? html`<p>${linkButton(`${HOME}/submit`, { label: 'Submit a model', kind: 'main' })}</p>\n` : NOTHING,
    html`<p>Or from a terminal:</p>\n`,
    command(
      `curl -H "Authorization: Bearer $ASSAY_TOKEN" -H "Content-Type: application/json" \\`,
      `  -d '{"ref": "hf://sentence-transformers/all-MiniLM-L6-v2"}' "$ASSAY_URL/v1/jobs"`,
    ),
  );
}
