import { isRuled } from '../../../registry/rules/index.ts';
import {
  decisionFor,
  labelOf,
  openWish,
  printWish,
  Refusal,
  refuseDenied,
  registeredVersion,
  WISH,
  withRegistry,
} from '../../registry/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { PromoteRequest } from './command.ts';

/** Asks for a stage, unless that was asked for already, and says how it stands. */
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
    if (isRuled(stage)) await refuseDenied(registry, version, decisionFor(await registry.decisions(version.id), stage));
    const open = await openWish(registry, version);
    if (open !== undefined && open.to !== stage) {
      const mend = 'approve or reject that first';
      throw new Refusal(`is asked for ${open.to}, not for ${stage}`, { subject: labelOf(version), mend });
    }
    const wish = open ?? (await registry.requestTransition(version.id, stage, comment === '' ? WISH : comment));
    if (!quiet) printWish(shell, wish, await registry.version({ id: version.id }), format);
  });
}
