import { readTrustFile } from '../integrity/trust-file.ts';
import { loadRegistryRules, openRegistry, type Registry } from '../registry/index.ts';
import { openApprovalSigner } from './approval-signer.ts';
import type { ServiceConfig } from './config.ts';

/**
 * The registry as the configuration has it: of the API, and of a worker.
 * @throws AssayError for a file that the configuration names; RegistryError `unavailable`, `newer-schema`
 */
export async function openServiceRegistry(config: ServiceConfig): Promise<Registry> {
  const [rules, approvalSigner, trust] = await Promise.all([
    loadRegistryRules(config.rules),
    openApprovalSigner(config),
    config.trust === null ? undefined : readTrustFile(config.trust),
  ]);
  return openRegistry({
    database: config.database,
    rules,
    ...(approvalSigner === undefined ? {} : { approvalSigner }),
    ...(trust === undefined ? {} : { trust }),
  });
}
