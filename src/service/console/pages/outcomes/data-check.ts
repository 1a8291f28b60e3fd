import { type DataCheck, isToLookAt } from '../../../../core/data/index.ts';
import type { Job } from '../../../../registry/index.ts';
import {
  bulletList,
  CHECK_STATUSES,
  chip,
  code,
  dataChecksBlock,
  dataFacts,
  dataUnseenBlock,
  facts,
  type Html,
  html,
  NOTHING,
  told,
} from '../../../../report/html/index.ts';
import { count } from '../../../../report/index.ts';
import type { ComparedWith } from '../../../data-checks/index.ts';
import type { FoundDataCheck } from '../../../jobs/index.ts';
import { page } from '../../layout.ts';
import { dataCheckPath, dataFilePath, HOME, jobPath, versionPath } from '../../links.ts';
import { actForm, linkButton, note, part, type Viewer, when } from '../../parts.ts';
import { type Said, STAGE_WORDS } from '../../words.ts';
import { openNote } from './open-note.ts';

export interface DataCheckView extends FoundDataCheck {
  readonly said: Said | undefined;
}

/** What the checks of training data said: each with what was measured, its plots, and the rows to look at. */
export function dataCheckPage(viewer: Viewer, view: DataCheckView): Html {
  const { job, kept, said } = view;
  const body = html`${stateNote(view)}${aboutPart(view)}${actsOf(viewer, view)}${
    kept === undefined
      ? NOTHING
      : html`${part('checks', 'Checks', dataChecksBlock(kept.checked.checks))}${part('data', 'The data', dataFacts(kept.checked))}${part('limits', 'What they do not see', dataUnseenBlock(kept.checked.checks))}`
  }`;
  return page(viewer, {
    title: `Training data of ${job.model}`,
    place: 'jobs',
    crumbs: [
      { href: `${HOME}/jobs`, text: 'Queue' },
      { href: jobPath(job.id), text: `Check of the data of ${job.model}` },
    ],
    said,
    body,
  });
}

function stateNote({ job, kept }: DataCheckView): Html {
  const open = openNote(job, { cancelled: 'Nothing was found.', failed: 'The data could not be checked.' });
  if (open !== undefined) return open;
  return html`${outcomeNote(job.outcome ?? 'not-assessed')}${
    kept === undefined ? note('plain', 'Its report was removed. Its outcome stays.') : besidesNote(kept.checked.checks)
  }`;
}

function outcomeNote(outcome: NonNullable<Job['outcome']>): Html {
  switch (outcome) {
    case 'pass':
      return note('good', 'No check fails the data.');
    case 'fail':
      return note('bad', 'A check fails the data.');
    case 'not-assessed':
      return note('open', 'No check that could fail the data could be made.');
    case 'error':
      return note('dark', 'The checks could not be completed.');
  }
}

/** What a pass does not say: checks that ask for a look, and those that could not be made. */
function besidesNote(checks: readonly DataCheck[]): Html {
  const ids = checks.flatMap((check) => (isToLookAt(check) ? [check.id] : []));
  const unmade = checks.filter(({ status }) => status === 'not-assessed').length;
  return html`${ids.length === 0 ? NOTHING : note('open', 'Look at what these found: ', ...ids.flatMap((id, i) => [i === 0 ? '' : ', ', code(id)]), '.')}${
    unmade === 0 ? NOTHING : note('plain', `${unmade} of ${count(checks.length, 'check')} could not be made.`)
  }`;
}

function aboutPart({ job, kept, run }: DataCheckView): Html {
  const { data, target, outcome } = job;
  const { eventTimes = [], ...columns } = data?.columns ?? {};
  const named = [
    ...Object.entries(columns).flatMap(([role, name]) => (name === undefined ? [] : [html`${told(name)} as ${role}`])),
    ...eventTimes.map((name) => html`${told(name)} as event time`),
  ];
  return facts([
    ['Outcome', outcome === null ? undefined : chip(CHECK_STATUSES[outcome])],
    ['Source', target.startsWith('upload:') ? 'uploaded files' : code(target)],
    ['Columns', named.length === 0 ? undefined : bulletList(named)],
    ['Snapshot', data?.snapshot ?? undefined],
    ['Approved version', kept === undefined ? undefined : comparedText(kept.context)],
    ['Attested', run === undefined ? undefined : html`${when(run.at)} ${code(run.statement)}`],
    ['Kept until', kept === undefined ? undefined : when(kept.until.toISOString())],
  ]);
}

function comparedText({ baseline, noBaseline }: ComparedWith): Html {
  if (baseline === null) return html`none was compared with: ${told(noBaseline ?? 'nothing is known of it')}`;
  const { version, number, stage } = baseline;
  return html`<a href="${versionPath(version)}">version ${number}</a>, approved for ${STAGE_WORDS[stage].text.toLowerCase()}`;
}

function actsOf(viewer: Viewer, { job: { id }, kept, run }: DataCheckView): Html {
  const maySubmit = viewer.roles.includes('submitter') || viewer.roles.includes('admin');
  const acts = [
    ...(kept === undefined
      ? []
      : [
          linkButton(dataFilePath(id, 'rows'), { label: 'Rows to look at (CSV)' }),
          linkButton(dataFilePath(id, 'report'), { label: 'Report (JSON)' }),
          linkButton(dataFilePath(id, 'profile'), { label: 'Profile' }),
        ]),
    ...(run === undefined ? [] : [linkButton(dataFilePath(id, 'attestation'), { label: 'Attestation' })]),
    ...(kept !== undefined && maySubmit
      ? [actForm(viewer, dataCheckPath(id, 'remove'), { label: 'Remove the report', kind: 'danger' })]
      : []),
  ];
  return acts.length === 0 ? NOTHING : html`<div class="acts">${acts}</div>\n`;
}
