import { isRuled } from '../../../registry/rules/index.ts';
import {
  addTests,
  decisionFor,
  openRequest,
  printRequest,
  REQUEST_COMMENT,
  Refusal,
  refuseDenied,
  registeredVersion,
  versionLabel,
  withRegistry,
} from '../../registry/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { PromoteRequest } from './request.ts';

/** Requests a stage, unless that request exists, and reports its state. */
export async function runPromote(request: PromoteRequest, shell: Shell): Promise<void> {
  const options = { verb: 'assay promote', subject: request.artifact, make: true };
  await withRegistry(request.registry, shell, options, async (registry) => {
    const { stage, comment, quiet, format } = request;
    const { version } = await registeredVersion(
      registry,
      request.artifact,
      { ...request, trust: request.registry.trust },
      shell,
    );
    await addTests(registry, version, request, shell);
    if (isRuled(stage)) await refuseDenied(registry, version, decisionFor(await registry.decisions(version.id), stage));
    const open = await openRequest(registry, version);
    if (open !== undefined && open.to !== stage) {
      const hint = 'approve or reject that first';
      throw new Refusal(`is asked for ${open.to}, not for ${stage}`, { subject: versionLabel(version), hint });
    }
    const transition =
      open ?? (await registry.requestTransition(version.id, stage, comment === '' ? REQUEST_COMMENT : comment));
    if (!quiet) printRequest(shell, transition, await registry.version({ id: version.id }), format);
  });
}
