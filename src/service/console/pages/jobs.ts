import { JOB_KINDS } from '../../../registry/api/index.ts';
import type { ConversionOptions, Job, JobKind, JobProgress, JobState, Page } from '../../../registry/index.ts';
import { CHECK_STATUSES, chip, code, facts, type Html, html, NOTHING, told } from '../../../report/html/index.ts';
import { humanBytes } from '../../../report/index.ts';
import { page } from '../layout.ts';
import { conversionPath, dataCheckPath, HOME, jobPath, modelPath, testPath, versionPath, withQuery } from '../links.ts';
import { actForm, command, empty, linkButton, maybeWhen, pager, type Viewer, when } from '../parts.ts';
import { actionChip, filters } from '../tables.ts';
import { JOB_WORDS, type Said } from '../words.ts';

const PATH = `${HOME}/jobs`;
const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const satisfies readonly JobState[];

export interface JobsView {
  readonly jobs: Page<Job>;
  readonly state: JobState | undefined;
  readonly kind: JobKind | undefined;
  readonly after: string | undefined;
  readonly said: Said | undefined;
}

/** Jobs that were asked for, the newest first, and how far they are. */
export function jobsPage(viewer: Viewer, view: JobsView): Html {
  const { jobs, state, kind, after, said } = view;
  const here = (next: string | undefined) => withQuery(PATH, { state, kind, after: next });
  const states = [
    [withQuery(PATH, { kind }), 'All', state === undefined],
    ...STATES.map((one) => [withQuery(PATH, { state: one, kind }), JOB_WORDS[one].text, one === state] as const),
  ] as const;
  const kinds = [
    [withQuery(PATH, { state }), 'All kinds', kind === undefined],
    ...JOB_KINDS.map((one) => [withQuery(PATH, { state, kind: one }), KIND_FILTERS[one], one === kind] as const),
  ] as const;
  const body = html`<p class="lead">Scans, conversions, tests and checks of data that were asked for. ${LIVE_WORD}${HEARD}</p>
${filters('State', states)}${filters('Kind', kinds)}${
  jobs.items.length === 0
    ? noJobs(viewer, state, kind)
    : jobTable(
        viewer,
        jobs.items,
        after === undefined ? withQuery(`${PATH}/events`, { state, kind }) : undefined,
        state === undefined && kind === undefined,
      )
}${pager(jobs.next === null ? null : here(jobs.next), after === undefined ? null : here(undefined), { next: 'Older jobs' })}`;
  return page(viewer, { title: 'Queue', place: 'jobs', said, body });
}

const KINDS: Readonly<Record<JobKind, { readonly noun: string; readonly title: string }>> = {
  scan: { noun: 'scan', title: 'Scan' },
  convert: { noun: 'conversion', title: 'Conversion' },
  test: { noun: 'test', title: 'Test' },
  data: { noun: 'check of the data', title: 'Check of data' },
};

const KIND_FILTERS: Readonly<Record<JobKind, string>> = {
  scan: 'Scans',
  convert: 'Conversions',
  test: 'Tests',
  data: 'Checks of data',
};

const LIVE_WORD = html`<span class="live-word">Live</span>`;
/** Where it is said, for screen readers, that a job has come to another state. */
const HEARD = html`<span id="heard" class="for-readers" role="status" aria-live="polite"></span>`;
const LOOK_AGAIN = (href: string) => html`<noscript><p><a href="${href}">Look again</a></p></noscript>\n`;

/** @param grows whether jobs that are asked for meanwhile belong on it */
function jobTable(viewer: Viewer, jobs: readonly Job[], live: string | undefined, grows: boolean): Html {
  const source = live === undefined ? NOTHING : html` data-live="${live}"${grows ? html` data-grows` : NOTHING}`;
  const heads = COLUMNS.map((label) => html`<th scope="col" role="columnheader">${label}</th>`);
  return html`<table role="table">
<caption>The newest first</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup"${source}>
${jobs.map((job) => jobRow(viewer, job))}</tbody>
</table>
${LOOK_AGAIN(PATH)}`;
}

const COLUMNS = ['Model', 'State', 'Target', 'Requested', 'Act'];

/** A row of the table; it is sent again whenever the job has changed. */
export function jobRow(viewer: Viewer, job: Job): Html {
  const { id, model, target, createdAt, createdBy } = job;
  return html`<tr role="row" data-job="${id}" data-rev="${revOf(job)}">
<th scope="row" role="rowheader"><a href="${jobPath(id)}">${model}<span class="for-readers">, its job</span></a></th>
<td role="cell" data-label="State">${stateOf(job)}</td>
<td role="cell" data-label="Target">${target.startsWith('upload:') ? 'uploaded files' : code(target)}${purposeOf(job)}</td>
<td role="cell" data-label="Requested">${when(createdAt)} <span class="quiet">by ${told(createdBy)}</span></td>
<td role="cell" data-label="Act" class="row-end">${actsOf(viewer, job)}</td></tr>
`;
}

function purposeOf({ conversion, test, data }: Job): Html {
  if (data !== null) return html` <span class="quiet">checked as training data</span>`;
  if (conversion !== null) return html` <span class="quiet">converted to ${conversion.to}</span>`;
  return test === null ? NOTHING : html` <span class="quiet">tested by ${test.suite}</span>`;
}

/** Other when a job has to be shown again. */
export function revOf({ state, decision, attempts, progress }: Job): string {
  return [
    state,
    decision ?? '',
    attempts,
    progress.step ?? '',
    progress.doing ?? '',
    progress.filesDone,
    progress.files,
    progress.bytesDone,
    progress.bytes,
  ].join('.');
}

function stateOf(job: Job): Html {
  const { state, error, attempts, outcome } = job;
  const again = attempts > 1 && state !== 'done' ? html` <span class="quiet">attempt ${attempts}</span>` : NOTHING;
  // One that failed for a passing cause waits for its next try.
  const before = { queued: 'Will be retried; the last attempt: ', running: 'The last attempt: ' };
  const why =
    error === null
      ? NOTHING
      : html` <span class="quiet">${state === 'queued' || state === 'running' ? before[state] : NOTHING}${told(error.message)} (${code(error.code)})</span>`;
  const verdict = job.decision === null ? NOTHING : html` ${actionChip(job.decision)}`;
  const said = html`${outcome === null ? NOTHING : html` ${chip(CHECK_STATUSES[outcome])}`}${verdict}`;
  return html`${chip(JOB_WORDS[state])}${said}${again}${why} ${state === 'running' ? progress(job) : NOTHING}`;
}

const STEPS: Readonly<Record<NonNullable<JobProgress['step']>, string>> = {
  fetch: 'downloading the source',
  scan: 'scanning the source',
  convert: 'writing the result',
  verify: 'verifying the result',
  'scan-result': 'scanning the result',
  test: 'testing',
  data: 'checking the data',
};

function progress({ model, progress: { step, doing: now, filesDone, files, bytesDone, bytes } }: Job): Html {
  const doing = step === undefined ? NOTHING : html`<span class="quiet">${now ?? STEPS[step]}</span> `;
  if (files === 0 || step === 'verify' || step === 'test' || step === 'data')
    return step === undefined ? html`<span class="quiet">looking at what there is</span>` : doing;
  const done = bytes === 0 ? filesDone : bytesDone;
  const all = bytes === 0 ? files : bytes;
  return html`${doing}<progress value="${Math.min(done, all)}" max="${all}" aria-label="${model}: ${step === undefined ? 'judged' : STEPS[step]}"></progress>
<span class="quiet">${filesDone} of ${files === 1 ? '1 file' : `${files} files`}, ${humanBytes(bytesDone)} of ${humanBytes(bytes)}</span>`;
}

function actsOf(viewer: Viewer, { id, model, state, version, kind }: Job): Html {
  const mayCancel = viewer.roles.includes('submitter') || viewer.roles.includes('admin');
  if (kind === 'convert' && (version !== null || state === 'failed'))
    return html`<a href="${conversionPath(id)}">Its result<span class="for-readers"> of ${model}</span></a>`;
  if (kind === 'test' && (state === 'done' || state === 'failed'))
    return html`<a href="${testPath(id)}">Its result<span class="for-readers"> of ${model}</span></a>`;
  if (kind === 'data' && (state === 'done' || state === 'failed'))
    return html`<a href="${dataCheckPath(id)}">Its result<span class="for-readers"> of ${model}</span></a>`;
  if (version !== null)
    return html`<a href="${versionPath(version)}">Its version<span class="for-readers"> of ${model}</span></a>`;
  if ((state !== 'queued' && state !== 'running') || !mayCancel) return html`<span class="quiet">–</span>`;
  return actForm(viewer, jobPath(id, 'cancel'), {
    label: 'Cancel',
    kind: 'danger',
    of: `the ${KINDS[kind].noun} of ${model}`,
  });
}

function noJobs({ roles }: Viewer, state: JobState | undefined, kind: JobKind | undefined): Html {
  if (state !== undefined || kind !== undefined)
    return empty(
      `No ${kind === undefined ? 'job' : KINDS[kind].noun}${state === undefined ? '' : ` is ${JOB_WORDS[state].text.toLowerCase()}`}`,
      html`<p><a href="${PATH}">Show all jobs.</a></p>\n`,
    );
  const maySubmit = roles.includes('submitter') || roles.includes('admin');
  return empty(
    'No jobs yet',
    maySubmit ? html`<p>${linkButton(`${HOME}/submit`, { label: 'Submit a model', kind: 'main' })}</p>\n` : NOTHING,
    html`<p>Jobs of continuous integration and of the Hub proxy are shown here, too. From a terminal:</p>\n`,
    command(
      'curl -H "Authorization: Bearer $ASSAY_TOKEN" -H "Content-Type: application/json" \\',
      `  -d '{"ref": "hf://owner/model"}' "$ASSAY_URL/v1/jobs"`,
    ),
  );
}

export interface JobView {
  readonly job: Job;
  readonly said: Said | undefined;
}

/** One job, from the request to its end. */
export function jobPage(viewer: Viewer, { job, said }: JobView): Html {
  const isOver = job.state !== 'queued' && job.state !== 'running';
  const body = html`<p class="lead">A ${KINDS[job.kind].noun} that was asked for. ${LIVE_WORD}${HEARD}</p>
<div${isOver ? NOTHING : html` data-live="${jobPath(job.id, 'events')}"`}>
${jobBlock(viewer, job)}</div>
${isOver ? NOTHING : LOOK_AGAIN(jobPath(job.id))}`;
  return page(viewer, {
    title: `${KINDS[job.kind].title} of ${job.model}`,
    place: 'jobs',
    crumbs: [{ href: PATH, text: 'Queue' }],
    said,
    body,
  });
}

/** What changes on the page of a job. */
export function jobBlock(viewer: Viewer, job: Job): Html {
  const { id, model, target, createdAt, createdBy, startedAt, endedAt, version, state, priority, conversion, test } =
    job;
  const maySubmit = viewer.roles.includes('submitter') || viewer.roles.includes('admin');
  const result = resultOf(job);
  return html`<div data-job="${id}" data-rev="${revOf(job)}">
${facts([
  ['State', stateOf(job)],
  ['Model', version === null ? told(model) : html`<a href="${modelPath(model)}">${model}</a>`],
  ['Target', code(target)],
  ['Convert to', conversion === null ? undefined : conversionText(conversion)],
  ['Test by', test === null ? undefined : `the suite ${test.suite}, on ${test.device}`],
  ['Requested', html`${when(createdAt)} by ${told(createdBy)}`],
  ['Begun', maybeWhen(startedAt, 'not yet')],
  ['Ended', maybeWhen(endedAt, 'not yet')],
  ['Priority', priority === 0 ? undefined : priority],
])}<div class="acts">${
    result === undefined ? NOTHING : linkButton(result.href, { label: result.label, kind: 'main' })
  }${
    version === null
      ? result === undefined
        ? actsOf(viewer, job)
        : NOTHING
      : linkButton(versionPath(version), { label: 'See the decision', kind: result === undefined ? 'main' : 'plain' })
  }${state === 'failed' && job.kind === 'scan' && maySubmit ? linkButton(`${HOME}/submit`, { label: 'Submit again' }) : NOTHING}</div>
</div>
`;
}

/** The page of what a job gave, besides a version. */
function resultOf({ id, kind, state, version }: Job): { readonly href: string; readonly label: string } | undefined {
  if (kind === 'convert' && (version !== null || state === 'failed'))
    return { href: conversionPath(id), label: 'See the conversion' };
  if (kind === 'test' && (state === 'done' || state === 'failed'))
    return { href: testPath(id), label: 'See the tests' };
  if (kind === 'data' && (state === 'done' || state === 'failed'))
    return { href: dataCheckPath(id), label: 'See the checks' };
  return undefined;
}

function conversionText({ to, verify, rows, salvage, acceptSuspicious }: ConversionOptions): string {
  const checked = rows !== null ? ', verified with rows of a user' : verify ? ', verified' : '';
  const tolerated = salvage ? ', tensors salvaged' : acceptSuspicious ? ', suspicious files accepted' : '';
  return `${to}${checked}${tolerated}`;
}
