import type { TestRun, Version, VersionTests } from '../../../../registry/index.ts';
import {
  CHECK_STATUSES,
  chip,
  code,
  facts,
  fold,
  type Html,
  html,
  NOTHING,
  table,
  told,
} from '../../../../report/html/index.ts';
import { revokeRunPath } from '../../links.ts';
import { linkButton, part, type Viewer, when } from '../../parts.ts';

/** The suite that is asked of a version, whether its runs fulfil that, and the runs, the newest first. */
export function testsPart(viewer: Viewer, version: Version, { suite, check, items }: VersionTests): Html {
  const asked =
    suite === null
      ? html`<p class="quiet">The rules ask no suite of tests of this model: all attested runs count.</p>\n`
      : html`<p>The rules ask the suite ${told(suite.name)} ${code(suite.digest)} of this model. A run by another suite does not count.</p>\n`;
  const answer = check === null ? NOTHING : html`<p>${chip(CHECK_STATUSES[check.status])} ${told(check.detail)}</p>\n`;
  return part(
    'tests',
    'Tests of behaviour',
    asked,
    answer,
    items.length === 0 ? NOTHING : runsTable(viewer, version, items),
  );
}

function runsTable(viewer: Viewer, version: Version, runs: readonly TestRun[]): Html {
  const mayRevoke = ['security-approver', 'admin'].some((role) => viewer.roles.includes(role));
  const columns = ['Suite', 'Outcome', 'About', 'Signed by', 'Run'].map((label) => ({ label }));
  const rows = runs.map((run) => [
    html`${told(run.suite.name)}${run.state === 'other-suite' ? html` <span class="quiet">another suite than is asked for: it does not count</span>` : NOTHING}`,
    html`${run.state === 'revoked' ? chip({ text: 'Revoked', tone: 'dark' }) : chip(CHECK_STATUSES[run.status])}${
      run.why === '' ? NOTHING : html` <span class="quiet">${told(run.why)}</span>`
    }${
      mayRevoke && run.state !== 'revoked'
        ? html` ${linkButton(revokeRunPath(version.id, run.id), { label: 'Revoke…', of: `the run by ${run.suite.name}` })}`
        : NOTHING
    }`,
    fold('model, data, device', runFacts(run)),
    html`${told(run.signer)} <span class="quiet">added by ${told(run.createdBy)}</span>`,
    when(run.ranAt),
  ]);
  return table({ caption: 'Runs that a trusted signer attests, the newest first', columns, rows });
}

/** What a run is about, by digests. */
export function runFacts({ suite, model, data, baseline, device, tool, failed }: TestRun): Html {
  return facts([
    ['Suite', code(suite.digest)],
    ['Model', html`${told(model.path)} ${code(`sha256:${model.sha256}`)}`],
    ['Data', html`${data.map((one) => html`${told(one.name)} ${code(one.sha256)} `)}`],
    ['Compared with', baseline === null ? 'no approved version' : code(`sha256:${baseline}`)],
    ['Device', device ?? 'the model did not run'],
    ['Tool', `${tool.name} ${tool.version}`],
    ['Failed', failed.length === 0 ? undefined : told(failed.join(', '))],
  ]);
}
