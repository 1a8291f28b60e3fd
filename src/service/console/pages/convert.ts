import { type ConversionTarget, TARGETS } from '../../../core/conversion/index.ts';
import type { Version } from '../../../registry/index.ts';
import { code, facts, type Html, html, NOTHING } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { versionPath } from '../links.ts';
import { button, choice, digest, field, form, linkButton, note, type Viewer } from '../parts.ts';
import { crumbsOf } from './version-head.ts';

const TARGET_WORDS: Readonly<Record<ConversionTarget, string>> = {
  safetensors: 'safetensors: tensors alone',
  onnx: 'ONNX: a model that runs',
  savedmodel: 'SavedModel of TensorFlow',
};

/** Asks how a version is to be converted. @param tolerant whether the viewer may have files converted that are not clean */
export function convertPage(viewer: Viewer, version: Version, tolerant: boolean, draft?: Draft): Html {
  const { id, model, number } = version;
  const body = html`${refusalNote(draft)}<p class="lead">The version is written in a format that cannot carry code. Nothing of it runs. The result is scanned, and becomes a version of its own.</p>
${facts([
  ['Version', html`<a href="${versionPath(id)}">${model} version ${number}</a>`],
  ['Digest', digest(version.digest)],
])}${form(
  viewer,
  versionPath(id, 'convert'),
  choice(
    'to',
    'Format',
    TARGETS.map((target) => [target, TARGET_WORDS[target]] as const),
    typedInto(draft, 'to'),
    true,
  ),
  field({
    name: 'model',
    label: 'Model of the result',
    required: true,
    value: typedInto(draft, 'model', model),
    hint: html`Its name in this registry: letters, digits, ${code('.')}, ${code('_')}, ${code('-')} and ${code('/')}.`,
  }),
  field({
    name: 'shape',
    label: 'Shape of the input',
    value: typedInto(draft, 'shape'),
    example: '3,224,224',
    hint: 'Without the batch. Only for modules of PyTorch whose first layer does not contain it.',
  }),
  html`<fieldset><legend>Verification</legend>
${box('verify', 'Verify the result before it is published', 'run it on drawn rows, or compare every tensor', draft, true)}${field(
  {
    name: 'rows',
    label: 'Upload with rows',
    value: typedInto(draft, 'rows'),
    hint: html`The id of an upload of your own with ${code('inputs.npz')}, and with ${code('outputs.npz')} of your framework if you have it: the result is run on these rows in place of drawn ones.`,
  },
)}</fieldset>
`,
  tolerant ? tolerance(draft) : NOTHING,
  html`<div class="acts">${button({ label: 'Convert it', kind: 'main' })}${linkButton(versionPath(id), { label: 'Back' })}</div>\n`,
)}${tolerant ? NOTHING : note('plain', 'Files that are not clean are converted for security approvers only.')}`;
  return page(viewer, {
    title: `Convert ${model} version ${number}`,
    place: 'models',
    crumbs: crumbsOf(version),
    body,
  });
}

function tolerance(draft: Draft | undefined): Html {
  return html`<fieldset><legend>Files that are not clean</legend>
<p class="hint">What is converted from them is quarantined at once. None of their code runs or is kept.</p>
${box('acceptSuspicious', 'Convert suspicious files', 'their classes are names', draft, false)}${box('salvage', 'Salvage tensors', 'of suspicious and malicious files, to safetensors; everything else is left out', draft, false)}</fieldset>
`;
}

/** A box; one that a draft did not tick stays empty. */
function box(name: string, label: string, more: string, draft: Draft | undefined, otherwise: boolean): Html {
  const ticked = draft === undefined ? otherwise : draft.typed.has(name);
  return html`<label><input type="checkbox" name="${name}" value="yes"${ticked ? html` checked` : NOTHING}>${label} <span class="quiet">${more}</span></label>
`;
}
