import type { KubeClient } from '../kube/index.ts';
import { assembleWebhook, openConfigFile, type WebhookOptions } from '../server/index.ts';
import { openBreakGlass, openSnapshotFeed } from '../snapshot-feed/index.ts';
import type { AuditWebhook } from './audit.ts';
import type { AuditProblem } from './report.ts';

/**
 * The webhook as it would be, once: its snapshot and configuration are read, and nothing is kept, raised or watched.
 * @param labelsOf of namespaces, as far as they are known
 * @throws AssayError
 */
export async function openAuditWebhook(
  options: WebhookOptions,
  kube: KubeClient | null,
  labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined,
  env: NodeJS.ProcessEnv,
): Promise<AuditWebhook> {
  const { snapshot, ownNamespace, serviceUrl } = options;
  const config = await openConfigFile(options.config);
  config.close();
  const feed = await openSnapshotFeed({ ...snapshot, state: null, floor: null, requireFloor: false, kube, env });
  const [held, health] = [feed.held(), feed.health()];
  await feed.close();
  const breakGlass = options.breakGlass === null ? null : await openBreakGlass(options.breakGlass);
  await breakGlass?.close();
  const namespaces = { labelsOf, synced: () => true, problem: () => null };
  const webhook = assembleWebhook({
    feed: { held: () => held, health: () => health },
    config,
    namespaces,
    breakGlass,
    ownNamespace,
    serviceUrl,
  });
  const problem = breakGlass?.health().problem ?? null;
  const problems: AuditProblem[] = problem === null ? [] : [{ subject: '--break-glass', message: problem, mend: null }];
  return {
    state: () => webhook.state(),
    decide: (...asked) => webhook.decide(...asked),
    knowledge: (...asked) => webhook.knowledge(...asked),
    problems,
  };
}
