import { AssayError } from '../core/index.ts';

/** Which proxy a connection goes through, as curl and Python read the environment. */
export interface ProxySettings {
  readonly https: URL | undefined;
  readonly http: URL | undefined;
  /** `*`, or hosts with an optional port; each covers the names below it. */
  readonly bypass: readonly string[];
}

/** @throws AssayError `usage` when a proxy's address cannot be read. */
export function proxySettings(env: NodeJS.ProcessEnv): ProxySettings {
  return {
    https: proxyAddress(env, 'HTTPS_PROXY'),
    http: proxyAddress(env, 'HTTP_PROXY'),
    bypass: (env.no_proxy ?? env.NO_PROXY ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== ''),
  };
}

export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'https:' ? settings.https : settings.http;
  return proxy === undefined || settings.bypass.some((entry) => bypasses(url, entry)) ? undefined : proxy;
}

function bypasses(url: URL, entry: string): boolean {
  if (entry === '*') return true;
  const [, name = '', port] = /^\*?\.?(\[[^\]]+\]|[^:]+|.*)(?::(\d+))?$/.exec(entry) ?? [];
  const defaultPort = url.protocol === 'https:' ? '443' : '80';
  if (port !== undefined && port !== (url.port || defaultPort)) return false;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const bare = name.replace(/^\[|\]$/g, '');
  return host === bare || host.endsWith(`.${bare}`);
}

function proxyAddress(env: NodeJS.ProcessEnv, name: string): URL | undefined {
  const value = env[name.toLowerCase()] || env[name];
  if (value === undefined || value === '') return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AssayError('usage', `${name} is not an http:// or https:// address`, {
      subject: name,
      hint: `set ${name}=http://host:port`,
    });
  }
  return url;
}
