import { all, type RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { ApprovalRecord } from '../../../registry/index.ts';
import { jsonText, terminalText } from '../../../report/index.ts';
import { knownVersion, runText, versionLabel, withRegistry } from '../../registry/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { RevokeRequest } from './request.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Revokes the matching approvals, and lists them. */
export async function runRevoke(request: RevokeRequest, shell: Shell): Promise<void> {
  await withRegistry(request.registry, shell, { verb: 'assay revoke', subject: request.what }, async (registry) => {
    const { reason, quiet, format } = request;
    if (request.run) {
      const run = await registry.revokeTestRun(runId(request), reason);
      const text = `${run.id} is revoked: ${terminalText(runText(run))}\n`;
      if (!quiet) shell.stdout.write(format === 'json' ? `${jsonText({ schemaVersion: '1', run }, 2)}\n` : text);
      return;
    }
    if (request.image) {
      await revokeImages(registry, request, shell);
      return;
    }
    const revoked: ApprovalRecord[] = [];
    for (const id of await meant(registry, request, shell)) revoked.push(await registry.revoke(id, reason));
    if (quiet) return;
    const text = revoked
      .map(({ id, stage, signer }) => `${id} for ${stage} is revoked; it was signed by ${terminalText(signer)}\n`)
      .join('');
    shell.stdout.write(format === 'json' ? `${jsonText({ schemaVersion: '1', items: revoked }, 2)}\n` : text);
  });
}

/** Every approval of an image that counts, or one. */
async function revokeImages(
  registry: RegistryClient,
  { what, stage, run, reason, quiet, format }: RevokeRequest,
  shell: Shell,
): Promise<void> {
  if (stage !== undefined || run)
    throw new AssayError('usage', 'cannot be used with --stage or --run', {
      subject: '--image',
      hint: 'leave them out',
    });
  const digest = /sha256:[0-9a-f]{64}$/.exec(what)?.[0];
  const meant: string[] = [];
  for await (const approval of all((page) => registry.imageApprovals(page)))
    if (approval.revokedAt === null && (approval.id === what || approval.digest === digest)) meant.push(approval.id);
  if (meant.length === 0)
    throw new AssayError('not-found', 'has no valid approval as an image', {
      subject: what,
      hint: 'give the id that assay approve printed, or sha256:...',
    });
  const items = [];
  for (const id of meant) items.push(await registry.revokeImage(id, reason));
  const text = items.map(({ id, digest: of }) => `${id} of ${of} is revoked\n`).join('');
  if (!quiet) shell.stdout.write(format === 'json' ? `${jsonText({ schemaVersion: '1', items }, 2)}\n` : text);
}

function runId({ what, stage }: RevokeRequest): string {
  const hint = 'assay models MODEL@NUMBER shows the ids of runs';
  if (!ID.test(what)) throw new AssayError('usage', 'is not the id of a run', { subject: what, hint });
  if (stage === undefined) return what;
  throw new AssayError('usage', 'cannot be used with a run of tests', { subject: '--stage', hint: 'leave it out' });
}

async function meant(registry: RegistryClient, request: RevokeRequest, shell: Shell): Promise<readonly string[]> {
  const { what, stage } = request;
  if (ID.test(what)) {
    if (stage === undefined) return [what];
    throw new AssayError('usage', 'cannot be used with the id of an approval', {
      subject: '--stage',
      hint: 'leave it out',
    });
  }
  const version = await knownVersion(registry, what, request, shell);
  const holding = (await registry.approvals(version.id)).filter(
    ({ state }) => state === 'valid' || state === 'carried',
  );
  const ids = holding.filter((one) => stage === undefined || one.stage === stage).map(({ id }) => id);
  if (ids.length > 0) return ids;
  const message = `has no valid approval${stage === undefined ? '' : ` for ${stage}`}`;
  const hint = `assay models ${versionLabel(version)} shows past approvals`;
  throw new AssayError('not-found', message, { subject: versionLabel(version), hint });
}
