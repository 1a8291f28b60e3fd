import type { Conversion, ConvertedFile } from '../../../../core/conversion/index.ts';
import type { Job } from '../../../../registry/index.ts';
import {
  bulletList,
  capped,
  chip,
  code,
  facts,
  fold,
  type Html,
  html,
  NOTHING,
  table,
  told,
  VERDICT_WORDS,
  verificationBlock,
} from '../../../../report/html/index.ts';
import { count, humanBytes } from '../../../../report/index.ts';
import type { KeptConversion } from '../../../conversions/index.ts';
import { page } from '../../layout.ts';
import { conversionFilePath, conversionPath, HOME, jobPath, versionPath } from '../../links.ts';
import { actForm, digest, linkButton, note, part, shortDigest, type Viewer, when } from '../../parts.ts';
import type { Said } from '../../words.ts';
import { openNote } from './open-note.ts';

/** Files, and values that were left out of one, that are listed. */
const MAX_FILES = 200;
const MAX_LEFT_OUT = 100;

export interface ConversionView {
  readonly job: Job;
  readonly kept: KeptConversion | undefined;
  readonly said: Said | undefined;
}

/** What became of a conversion: the files, what they were made from, and how they were verified. */
export function conversionPage(viewer: Viewer, view: ConversionView): Html {
  const { job, kept, said } = view;
  const body = html`${stateNote(job, kept)}${aboutPart(view)}${actsOf(viewer, view)}${
    kept === undefined
      ? NOTHING
      : html`${filesPart(job, kept)}${verificationPart(kept.conversion)}${leftOutPart(kept.conversion)}`
  }`;
  return page(viewer, {
    title: `${job.model} to ${job.conversion?.to ?? 'another format'}`,
    place: 'jobs',
    crumbs: [
      { href: `${HOME}/jobs`, text: 'Queue' },
      { href: jobPath(job.id), text: `Conversion of ${job.model}` },
    ],
    said,
    body,
  });
}

function stateNote(job: Job, kept: KeptConversion | undefined): Html {
  const open = openNote(job, { cancelled: 'Nothing was written.', failed: 'Nothing was converted.' });
  if (open !== undefined) return open;
  if (kept === undefined) return note('plain', 'Its files and its report were removed. Its version stays.');
  return isClean(kept.conversion)
    ? note('good', `Converted to ${kept.conversion.target}. Nothing of the source ran.`)
    : note(
        'caution',
        `Converted to ${kept.conversion.target} from files that are ${kept.conversion.source.verdict}. Nothing of them ran. The version is quarantined: only a request that others approve lets it out.${
          job.conversion?.salvage === true ? ' The numbers are those that their author chose.' : ''
        }`,
      );
}

function isClean({ source: { verdict } }: Conversion): boolean {
  return verdict === 'clean' || verdict === 'not-assessed';
}

function aboutPart({ job, kept }: ConversionView): Html {
  const { version, target, conversion: options, model } = job;
  const conversion = kept?.conversion;
  return facts([
    ['Result', version === null ? undefined : html`<a href="${versionPath(version)}">A version of ${model}</a>`],
    ['Source', conversion === undefined ? code(target) : code(conversion.source.pinned)],
    [
      'Version of the source',
      options === null || options.version === null
        ? undefined
        : html`<a href="${versionPath(options.version)}">the version that was converted</a>`,
    ],
    ['Digest of the source', conversion?.source.digest ? digest(conversion.source.digest) : undefined],
    ['Verdict of the source', conversion === undefined ? undefined : chip(VERDICT_WORDS[conversion.source.verdict])],
    ['Format', options?.to],
    [
      'Converter',
      conversion === undefined ? undefined : `Assay ${conversion.tool.version}, ruleset ${conversion.ruleset.version}`,
    ],
    ['Signed', conversion === undefined ? undefined : signedText(conversion)],
    ['Kept until', kept === undefined ? undefined : when(kept.until.toISOString())],
  ]);
}

function signedText({ attestation }: Conversion): Html {
  return attestation === null ? html`<span class="quiet">no</span>` : html`yes, in ${code(attestation.path)}`;
}

function actsOf(viewer: Viewer, { job, kept }: ConversionView): Html {
  const { id, version, conversion, state } = job;
  const maySubmit = viewer.roles.includes('submitter') || viewer.roles.includes('admin');
  const acts = [
    ...(version === null ? [] : [linkButton(versionPath(version), { label: 'See the decision', kind: 'main' })]),
    ...(kept === undefined ? [] : [linkButton(conversionFilePath(id, 'report'), { label: 'Report (JSON)' })]),
    ...(state === 'failed' && maySubmit && conversion?.version
      ? [linkButton(versionPath(conversion.version, 'convert'), { label: 'Convert again…' })]
      : []),
    ...(kept !== undefined && maySubmit
      ? [actForm(viewer, conversionPath(id, 'remove'), { label: 'Remove the files', kind: 'danger' })]
      : []),
  ];
  return acts.length === 0 ? NOTHING : html`<div class="acts">${acts}</div>\n`;
}

function filesPart(job: Job, { conversion, downloads }: KeptConversion): Html {
  if (downloads.length === 0) return NOTHING;
  const known = new Map(conversion.files.map((file) => [file.path, file]));
  const [shown, rest] = capped(
    [...downloads.entries()],
    MAX_FILES,
    (left) => `${count(left, 'more file')}: the report lists all.`,
  );
  const columns = ['File', 'From', 'Verdict', 'Size', 'SHA-256'].map((label) => ({ label }));
  const rows = shown.map(([index, { path, size, sha256 }]) => {
    const file = known.get(path);
    return [
      html`<a href="${conversionFilePath(job.id, index)}" download>${path}</a>`,
      file === undefined ? html`<span class="quiet">beside the models</span>` : sourcesOf(file),
      file === undefined ? html`<span class="quiet">–</span>` : chip(VERDICT_WORDS[file.verdict]),
      humanBytes(size),
      digest(sha256),
    ];
  });
  return part('files', 'Files', html`${table({ caption: 'To download', columns, rows })}${rest}`);
}

function sourcesOf({ from, format, tensors }: ConvertedFile): Html {
  const names = from.map(
    ({ path, sha256, verdict }) =>
      html`${code(path)} ${chip(VERDICT_WORDS[verdict])}${sha256 === null ? NOTHING : html` ${shortDigest(sha256)}`}`,
  );
  return html`${bulletList(names)}<span class="quiet">${told(format)}, ${count(tensors, 'tensor')}</span>`;
}

function verificationPart({ files }: Conversion): Html {
  const [shown, rest] = capped(
    files,
    MAX_FILES,
    (left) => `${count(left, 'more file')}: the report has their figures.`,
  );
  const blocks = shown.map(({ path, verification }) =>
    verification === null
      ? html`<p>${code(path)} <span class="quiet">was not verified.</span></p>\n`
      : verificationBlock(path, verification),
  );
  return part('verification', 'Verification', html`${blocks}${rest}`);
}

function leftOutPart({ files, skipped }: Conversion): Html {
  const left = files.filter(({ leftOut }) => leftOut.length > 0);
  if (left.length === 0 && skipped.length === 0) return NOTHING;
  const values = left.slice(0, MAX_FILES).map(({ path, leftOut }) => {
    const [shown, rest] = capped(
      leftOut,
      MAX_LEFT_OUT,
      (more) => `${count(more, 'more value')}: the report lists all.`,
    );
    return fold(
      html`${code(path)}: ${count(leftOut.length, 'value')} left out`,
      html`${bulletList(shown.map(({ path: place, what }) => html`${code(place)} ${told(what)}`))}${rest}`,
    );
  });
  const [unconverted, rest] = capped(
    skipped,
    MAX_FILES,
    (more) => `${count(more, 'more file')}: the report lists all.`,
  );
  const skippedList =
    unconverted.length === 0
      ? NOTHING
      : html`<h3>Files that were not converted</h3>\n${bulletList(unconverted.map(({ path, why }) => html`${code(path)} ${told(why)}`))}${rest}`;
  return part('left-out', 'Left out', html`${values}${skippedList}`);
}
