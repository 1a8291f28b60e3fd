import { isRegistryError, type Principal, type Registry } from '../../../registry/index.ts';
import type { ComparedWith } from '../../data-checks/index.ts';
import type { DataOrder } from '../scan-messages.ts';
import { approvedVersions } from '../test/index.ts';

export interface ApprovedData {
  readonly baseline: DataOrder['baseline'];
  readonly context: ComparedWith;
}

/**
 * The profile that data of a model is compared with: that of the version that may run in production now, else of that in staging. A
 * profile that the audit log does not tell of is not used.
 */
export async function approvedData(
  registry: Pick<Registry, 'model' | 'currentDecisions' | 'dataBaseline'>,
  by: Principal,
  model: string,
): Promise<ApprovedData> {
  const { versions, notApproved } = await approvedVersions(registry, by, model);
  const why = [...notApproved];
  for (const { version, stage } of versions) {
    const { id, number, digest } = version;
    const which = `version ${number}, which is approved for ${stage},`;
    try {
      const kept = await registry.dataBaseline(by, id);
      if (kept !== undefined)
        return {
          baseline: { name: `${model} version ${number}`, profile: kept.profile },
          context: { baseline: { version: id, number, stage, digest }, noBaseline: null },
        };
      why.push(`${which} has no profile of its data`);
    } catch (error) {
      if (!isRegistryError(error) || error.code !== 'broken-log') throw error;
      why.push(`the profile of ${which} is not used: ${error.message}`);
    }
  }
  return { baseline: null, context: { baseline: null, noBaseline: why.join('; ') } };
}
