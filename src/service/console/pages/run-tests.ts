import { DEVICE_CHOICES, type DeviceChoice } from '../../../core/device/index.ts';
import type { Version } from '../../../registry/index.ts';
import { code, facts, type Html, html } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { versionPath } from '../links.ts';
import { button, choice, digest, empty, form, linkButton, type Viewer } from '../parts.ts';
import { crumbsOf } from './version-head.ts';

const DEVICE_WORDS: Readonly<Record<DeviceChoice, string>> = {
  cpu: 'The processor',
  webgpu: 'A GPU, by WebGPU',
  cuda: 'A GPU of NVIDIA, by CUDA',
  auto: 'The first that can run it',
};

/** Asks by which suite a version is to be tested. @param suites the names of all */
export function runTestsPage(viewer: Viewer, version: Version, suites: readonly string[], draft?: Draft): Html {
  const { id, model, number } = version;
  const ask = form(
    viewer,
    versionPath(id, 'test'),
    choice(
      'suite',
      'Suite',
      suites.map((name) => [name, name] as const),
      typedInto(draft, 'suite'),
      true,
    ),
    choice(
      'device',
      'Device',
      DEVICE_CHOICES.map((device) => [device, DEVICE_WORDS[device]] as const),
      typedInto(draft, 'device', 'cpu'),
      true,
    ),
    html`<div class="acts">${button({ label: 'Test it', kind: 'main' })}${linkButton(versionPath(id), { label: 'Back' })}</div>\n`,
  );
  const none = empty(
    'No suites',
    html`<p>Suites come from the configuration of the service: its operator sets ${code('ASSAY_SUITES')} to a folder of them.</p>\n`,
  );
  const body = html`${refusalNote(draft)}<p class="lead">The operators of the ONNX model run in a child process with bounds. It is compared with the version of ${model} that may run in production, else in staging.</p>
${facts([
  ['Version', html`<a href="${versionPath(id)}">${model} version ${number}</a>`],
  ['Digest', digest(version.digest)],
])}${suites.length === 0 ? none : ask}`;
  return page(viewer, { title: `Test ${model} version ${number}`, place: 'models', crumbs: crumbsOf(version), body });
}
