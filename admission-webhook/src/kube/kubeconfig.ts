import { dirname, resolve } from 'node:path';
import { readSmallText } from '../../../src/core/bytes/index.ts';
import { AssayError } from '../../../src/core/index.ts';
import { type KubeAccess, type Material, serverAddress } from './access.ts';
import { fieldOf, listField, textField } from './fields.ts';

const PLUGINS =
  'run kubectl proxy and give --kubeconfig http://127.0.0.1:8001, or pipe kubectl get ... -o json into -f -';

/** Settings of a kubeconfig that are refused, with the remedy: a client that ignores one connects as another user, or otherwise than meant. */
const REFUSED: Readonly<Record<string, string>> = {
  exec: PLUGINS,
  'auth-provider': PLUGINS,
  username: 'use a token or a client certificate',
  as: PLUGINS,
  'as-uid': PLUGINS,
  'as-groups': PLUGINS,
  'as-user-extra': PLUGINS,
  'proxy-url': PLUGINS,
  'insecure-skip-tls-verify': 'give certificate-authority',
};

/**
 * Reads a kubeconfig (`kind: Config` of `v1`): a cluster, a user and a context, with tokens, certificates and files of them.
 * Programs that it names are never run.
 * @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 * @param context in place of the current one
 * @throws AssayError `usage`, `malformed`, `not-found`, `unreadable`
 */
export async function readKubeconfig(file: string, context?: string): Promise<KubeAccess> {
  const config = await parseConfig(await readSmallText(file, '--kubeconfig'), file);
  const reader = new Reader(file);
  const name = context ?? textField(config, 'current-context') ?? '';
  if (name === '') throw reader.error('names no current context', 'kubectl config use-context NAME');
  const chosen = reader.named(config, 'contexts', 'context', name);
  const cluster = reader.named(config, 'clusters', 'cluster', textField(chosen, 'cluster') ?? '');
  const userName = textField(chosen, 'user') ?? '';
  const user = userName === '' ? {} : reader.named(config, 'users', 'user', userName);
  for (const part of [cluster, user]) reader.refuse(part);
  const certificate = reader.material(user, 'client-certificate');
  const key = reader.material(user, 'client-key');
  if ((certificate === undefined) !== (key === undefined))
    throw reader.error('has an incomplete client certificate', 'give both client-certificate and client-key');
  const ca = reader.material(cluster, 'certificate-authority');
  const serverName = textField(cluster, 'tls-server-name');
  const token = reader.token(user);
  return {
    server: serverAddress(textField(cluster, 'server') ?? '', `--kubeconfig ${file}`),
    from: `${file}, context ${name}`,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

async function parseConfig(text: string, file: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    const config: unknown = parse(text, { logLevel: 'silent', maxAliasCount: 0 });
    if (Array.isArray(fieldOf(config, 'clusters'))) return config;
  } catch (cause) {
    throw new AssayError('malformed', 'is not YAML', {
      subject: `--kubeconfig ${file}`,
      hint: 'check the path',
      cause,
    });
  }
  throw new AssayError('malformed', 'is not a kubeconfig: it has no clusters', {
    subject: `--kubeconfig ${file}`,
    hint: 'check the path',
  });
}

class Reader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  error(message: string, hint: string): AssayError {
    return new AssayError('usage', message, { subject: `--kubeconfig ${this.#file}`, hint });
  }

  /** `contexts: [{ name, context: {...} }]`. */
  named(config: unknown, list: string, field: string, name: string): unknown {
    const entries = listField(config, list);
    const found = fieldOf(
      entries.find((one) => textField(one, 'name') === name),
      field,
    );
    if (typeof found === 'object' && found !== null) return found;
    const names = entries.map((one) => textField(one, 'name') ?? '').slice(0, 20);
    throw this.error(`has no ${field} ${name}`, `it has ${names.join(', ') || 'none'}`);
  }

  refuse(part: unknown): void {
    for (const [name, hint] of Object.entries(REFUSED)) {
      const value = fieldOf(part, name);
      if (value !== undefined && value !== null && value !== false && value !== '')
        throw this.error(`uses ${name}, which is not supported`, hint);
    }
  }

  /** `x-data` in base64, else the file `x`. */
  material(part: unknown, name: string): Material | undefined {
    const data = textField(part, `${name}-data`);
    if (data !== undefined && data !== '') return { kind: 'text', text: Buffer.from(data, 'base64').toString('utf8') };
    return this.#fileOf(part, name);
  }

  token(user: unknown): Material | undefined {
    const file = this.#fileOf(user, 'tokenFile');
    const text = textField(user, 'token');
    return file ?? (text === undefined || text === '' ? undefined : { kind: 'text', text });
  }

  #fileOf(part: unknown, name: string): Material | undefined {
    const path = textField(part, name);
    return path === undefined || path === '' ? undefined : { kind: 'file', path: resolve(dirname(this.#file), path) };
  }
}
