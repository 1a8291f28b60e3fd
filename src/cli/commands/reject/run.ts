import type { RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import { isRegistryError, type Transition } from '../../../registry/index.ts';
import { knownVersion, openRequest, printRequest, versionLabel, withRegistry } from '../../registry/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { RejectRequest } from './request.ts';

/** Rejects the request of a version. */
export async function runReject(request: RejectRequest, shell: Shell): Promise<void> {
  await withRegistry(request.registry, shell, { verb: 'assay reject', subject: request.artifact }, async (registry) => {
    const version = await knownVersion(registry, request.artifact, request, shell);
    const open = await openRequest(registry, version);
    if (open === undefined) {
      const hint = 'assay revoke revokes approvals, assay quarantine stops a version at any stage';
      throw new AssayError('not-found', 'has no open request', { subject: versionLabel(version), hint });
    }
    const { quiet, format } = request;
    const after = await rejectOrWithdraw(registry, open.id, request);
    if (!quiet) printRequest(shell, after, await registry.version({ id: version.id }), format);
  });
}

/** The requester has no vote, and withdraws the request. */
async function rejectOrWithdraw(
  registry: RegistryClient,
  id: string,
  { role, comment }: RejectRequest,
): Promise<Transition> {
  try {
    return await registry.vote(id, { vote: 'reject', comment, ...(role === undefined ? {} : { role }) });
  } catch (error) {
    if (!isRegistryError(error) || (error.code !== 'own-request' && error.code !== 'forbidden')) throw error;
    // A principal who may do neither gets the reason why they may not reject.
    return registry.withdraw(id).catch((other: unknown) => Promise.reject(isRegistryError(other) ? error : other));
  }
}
