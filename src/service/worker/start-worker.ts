import { mkdir } from 'node:fs/promises';
import { AssayError } from '../../core/errors.ts';
import { readTrustFile } from '../../integrity/trust-file.ts';
import { isRegistryError, loadRegistryRules, openRegistry, type Registry } from '../../registry/index.ts';
import { openApprovalSigner } from '../approval-signer.ts';
import type { ServiceConfig } from '../config.ts';
import { openQueue } from '../queue/index.ts';
import { type ScanWorkOptions, workOnScans } from './work-on-scans.ts';

/**
 * A worker in a process of its own: opens registry and queue, works until `options.signal` fires, and closes them.
 * @throws AssayError about what the configuration names, the database included
 */
export async function startWorker(config: ServiceConfig, options: ScanWorkOptions): Promise<void> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const registry = await open(config);
  try {
    const queue = await openQueue(config, registry, options.tell);
    try {
      await workOnScans({ config, registry, queue }, options);
    } finally {
      await queue.close();
    }
  } finally {
    await registry.close();
  }
}

async function open(config: ServiceConfig): Promise<Registry> {
  const signer = await openApprovalSigner(config);
  const options = {
    database: config.database,
    rules: await loadRegistryRules(config.rules),
    ...(config.trust === null ? {} : { trust: await readTrustFile(config.trust) }),
    // A scan under newer rules lets approvals carry over, which somebody has to sign.
    ...(signer === undefined ? {} : { approvalSigner: signer }),
  };
  try {
    return await openRegistry(options);
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    throw new AssayError('unreadable', error.message, { subject: '--database', cause: error, ...mendOf(error) });
  }
}

function mendOf({ mend }: { readonly mend: string | undefined }): { readonly mend?: string } {
  return mend === undefined ? {} : { mend };
}
