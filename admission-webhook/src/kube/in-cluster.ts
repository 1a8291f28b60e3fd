import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { AssayError } from '../../../src/core/index.ts';
import { type KubeAccess, serverAddress } from './access.ts';

/** Where Kubernetes puts what a Pod asks the API server with. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * What a Pod asks the API server with: the token of its service account, which is replaced long before it ends.
 * @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 * @param folder of the token and the authority
 * @throws AssayError `usage` outside of a cluster
 */
export function inClusterAccess(env: NodeJS.ProcessEnv, folder: string = ACCOUNT): KubeAccess {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host === '') {
    const hint = 'give --kubeconfig F';
    throw new AssayError('usage', 'this process does not run in a cluster', {
      subject: 'KUBERNETES_SERVICE_HOST',
      hint,
    });
  }
  return {
    server: serverAddress(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST'),
    from: `the service account in ${folder}`,
    ca: { kind: 'file', path: join(folder, 'ca.crt') },
    token: { kind: 'file', path: join(folder, 'token') },
  };
}
