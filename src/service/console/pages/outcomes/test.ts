import type { Job } from '../../../../registry/index.ts';
import {
  CHECK_STATUSES,
  chip,
  code,
  facts,
  type Html,
  html,
  NOTHING,
  testFacts,
  testsBlock,
  told,
} from '../../../../report/html/index.ts';
import type { KeptTest } from '../../../tests/index.ts';
import { page } from '../../layout.ts';
import { HOME, jobPath, testPath, testReportPath, versionPath } from '../../links.ts';
import { actForm, digest, linkButton, note, part, type Viewer, when } from '../../parts.ts';
import { type Said, STAGE_WORDS } from '../../words.ts';
import { openNote } from './open-note.ts';

export interface TestView {
  readonly job: Job;
  readonly kept: KeptTest | undefined;
  readonly said: Said | undefined;
}

/** What the tests of a model said: each with what was measured, what was asked, and its figures. */
export function testPage(viewer: Viewer, view: TestView): Html {
  const { job, kept, said } = view;
  const body = html`${stateNote(job, kept)}${aboutPart(view)}${actsOf(viewer, view)}${
    kept === undefined
      ? NOTHING
      : html`${part('tests', 'Tests', testsBlock(kept.tests.tests))}${part('what', 'What was tested', testFacts(kept.tests))}`
  }`;
  return page(viewer, {
    title: `Tests of ${job.model}`,
    place: 'jobs',
    crumbs: [
      { href: `${HOME}/jobs`, text: 'Queue' },
      { href: jobPath(job.id), text: `Test of ${job.model}` },
    ],
    said,
    body,
  });
}

function stateNote(job: Job, kept: KeptTest | undefined): Html {
  const open = openNote(job, { cancelled: 'Nothing was shown.', failed: 'The tests could not be run.' });
  if (open !== undefined) return open;
  return html`${outcomeNote(job.outcome ?? 'not-assessed')}${
    kept === undefined ? note('plain', 'Its report was removed. Its outcome stays.') : NOTHING
  }`;
}

function outcomeNote(outcome: NonNullable<Job['outcome']>): Html {
  switch (outcome) {
    case 'pass':
      return note('good', 'Everything that the suite asks holds.');
    case 'fail':
      return note('bad', 'The model does not hold what the suite asks.');
    case 'not-assessed':
      return note('open', 'The suite does not show that the model behaves: something that it asks stays open.');
    case 'error':
      return note('dark', 'The tests could not be completed.');
  }
}

function aboutPart({ job, kept }: TestView): Html {
  const { test, target, outcome } = job;
  const context = kept?.context;
  return facts([
    ['Outcome', outcome === null ? undefined : chip(CHECK_STATUSES[outcome])],
    ['Suite', test?.suite],
    ['Device that was asked for', test?.device],
    ['Source', target.startsWith('upload:') ? 'uploaded files' : code(target)],
    [
      'Version',
      test?.version ? html`<a href="${versionPath(test.version)}">the version that was tested</a>` : undefined,
    ],
    ['Digest', context?.digest ? digest(context.digest) : undefined],
    ['Approved version', context === undefined ? undefined : comparedText(context)],
    ['Kept until', kept === undefined ? undefined : when(kept.until.toISOString())],
  ]);
}

function comparedText({ baseline, noBaseline }: KeptTest['context']): Html {
  if (baseline === null) return html`none was compared with: ${told(noBaseline ?? 'nothing is known of it')}`;
  const { version, number, stage } = baseline;
  return html`<a href="${versionPath(version)}">version ${number}</a>, approved for ${STAGE_WORDS[stage].text.toLowerCase()}`;
}

function actsOf(viewer: Viewer, { job: { id, test, state }, kept }: TestView): Html {
  const maySubmit = viewer.roles.includes('submitter') || viewer.roles.includes('admin');
  const isOver = state === 'done' || state === 'failed';
  const acts = [
    ...(kept === undefined ? [] : [linkButton(testReportPath(id), { label: 'Report (JSON)' })]),
    ...(isOver && maySubmit && test?.version
      ? [linkButton(versionPath(test.version, 'test'), { label: 'Test again…' })]
      : []),
    ...(kept !== undefined && maySubmit
      ? [actForm(viewer, testPath(id, 'remove'), { label: 'Remove the report', kind: 'danger' })]
      : []),
  ];
  return acts.length === 0 ? NOTHING : html`<div class="acts">${acts}</div>\n`;
}
