import { readTrustFile } from '../integrity/trust-file/index.ts';
import { type LiveRules, openLiveRules, openRegistry, type Registry } from '../registry/index.ts';
import { RULES } from '../scan/rules/index.ts';
import { openApprovalSigner } from './auth/index.ts';
import type { ServiceConfig } from './config.ts';

/**
 * The registry as the configuration has it: of the API, and of a worker.
 * @param live its rules, when the caller updates them while it is open
 * @param signsLater for a worker: it opens no approval key
 * @throws AssayError for a file that the configuration names; RegistryError `unavailable`, `newer-schema`
 */
export async function openServiceRegistry(
  config: ServiceConfig,
  live?: LiveRules,
  signsLater = false,
): Promise<Registry> {
  const [{ rules }, approvalSigner, trust] = await Promise.all([
    live ?? openLiveRules(config.rules),
    signsLater ? undefined : openApprovalSigner(config),
    config.trust === null ? undefined : readTrustFile(config.trust),
  ]);
  return openRegistry({
    database: config.database,
    rules,
    signsLater,
    shares: config.shares,
    isRule: (id) => RULES.has(id),
    ...(config.sessionSecret === null ? {} : { sealingKey: config.sessionSecret }),
    ...(config.tokenIssuer === null ? {} : { tokenIssuer: config.tokenIssuer }),
    ...(approvalSigner === undefined ? {} : { approvalSigner }),
    ...(trust === undefined ? {} : { trust }),
  });
}
