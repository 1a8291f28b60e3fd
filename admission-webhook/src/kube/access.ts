import { readSmallText } from '../../../src/core/bytes/index.ts';
import { AssayError } from '../../../src/core/index.ts';
import { isLoopback } from '../../../src/core/reference/index.ts';

/** Text that stands in the configuration, or in a file that may be replaced: that is read again each time. */
export type Material =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };

/** Where an API server is, how it proves itself, and who asks it. */
export interface KubeAccess {
  /** Without a slash at the end. */
  readonly server: string;
  /** For messages: `~/.kube/config, context prod`. */
  readonly from: string;
  /** PEM; absent: the authorities that the system trusts. */
  readonly ca?: Material;
  /** Name that the certificate is held against, in place of the address. */
  readonly serverName?: string;
  readonly token?: Material;
  readonly certificate?: Material;
  readonly key?: Material;
}

/** @throws AssayError when a file cannot be read */
export async function materialText(material: Material, what: string): Promise<string> {
  return material.kind === 'text' ? material.text : readSmallText(material.path, what);
}

/**
 * The address of an API server, without a slash at the end: plain HTTP only to this machine, where `kubectl proxy` listens.
 * @throws AssayError `usage`
 */
export function serverAddress(text: string, subject: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const usage = (message: string, hint: string) => new AssayError('usage', message, { subject, hint });
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw usage('the server is not an https:// address', 'write it as https://host:6443');
  if (url.username !== '' || url.password !== '')
    throw usage('the address of the server contains a password', 'use a token or a client certificate');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw usage(`${url.host} is contacted without TLS`, 'use https://, or http://127.0.0.1 of kubectl proxy');
  return url.href.replace(/\/+$/, '');
}
