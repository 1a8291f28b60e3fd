import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../../src/core/index.ts';
import { type KubeAccess, serverAddress } from './access.ts';
import { type BackoffRules, DEFAULT_BACKOFF } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { Connection, checkAccess, TIMEOUTS, type Timeouts } from './connection.ts';
import { inClusterAccess } from './in-cluster.ts';
import { ANSWER_BOUNDS, parseAnswer } from './json.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { pages } from './pages.ts';
import { watchCollection } from './watch.ts';

export interface KubeOpenOptions {
  /**
   * A file, or the address of `kubectl proxy` on this machine. Without it: `$KUBECONFIG`, the cluster that this runs in, and
   * `~/.kube/config`, the first that there is.
   */
  readonly kubeconfig?: string | null | undefined;
  /** In place of the kubeconfig's current one. */
  readonly context?: string | undefined;
  /** Only the cluster that this runs in will do. */
  readonly inCluster?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Where a Pod finds its token and the authority. */
  readonly accountFolder?: string;
  readonly timeouts?: Partial<Timeouts>;
  readonly pauses?: Partial<BackoffRules>;
}

/**
 * An API server that is ready to be asked; nothing is sent yet.
 * @throws AssayError `usage`, `malformed`, `not-found`, `unreadable`: how it is asked cannot be told
 */
export async function openKube(options: KubeOpenOptions = {}): Promise<KubeClient> {
  const access = await accessOf(options);
  await checkAccess(access);
  const connection = new Connection(access, { ...TIMEOUTS, ...options.timeouts });
  const rules = { ...DEFAULT_BACKOFF, ...options.pauses };
  const { server } = access;
  const { maxBytes } = ANSWER_BOUNDS;
  return {
    server,
    async get(path, signal) {
      return parseAnswer(await connection.ask({ method: 'GET', path, signal, maxBytes }), server);
    },
    async send(method, path, body, signal) {
      return parseAnswer(await connection.ask({ method, path, body, signal, maxBytes }), server);
    },
    async *list(path, signal) {
      for await (const { items } of pages(connection, path, { signal, expired: 'newer' })) yield* items;
    },
    watch: (path, listener, signal) => watchCollection(connection, path, listener, signal, rules),
    close: () => connection.close(),
  };
}

async function accessOf(options: KubeOpenOptions): Promise<KubeAccess> {
  const { kubeconfig, context, inCluster, env = process.env, accountFolder } = options;
  if (inCluster === true) return inClusterAccess(env, accountFolder);
  if (kubeconfig !== undefined && kubeconfig !== null) {
    if (!/^https?:\/\//.test(kubeconfig)) return readKubeconfig(kubeconfig, context);
    return { server: serverAddress(kubeconfig, `--kubeconfig ${kubeconfig}`), from: kubeconfig };
  }
  const named = env.KUBECONFIG ?? '';
  if (named.includes(':')) {
    const hint = 'give one file with --kubeconfig';
    throw new AssayError('usage', 'names several files', { subject: 'KUBECONFIG', hint });
  }
  if (named !== '') return readKubeconfig(named, context);
  const home = join(homedir(), '.kube', 'config');
  if ((env.KUBERNETES_SERVICE_HOST ?? '') === '' && existsSync(home)) return readKubeconfig(home, context);
  return inClusterAccess(env, accountFolder);
}
