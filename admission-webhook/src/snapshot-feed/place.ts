import { resolve } from 'node:path';
import { AssayError } from '../../../src/core/index.ts';
import { isLoopback, type OciReference, parseOci } from '../../../src/core/reference/index.ts';
import type { ObjectPlace } from '../kube/index.ts';

/** Where a snapshot comes from. */
export type SnapshotPlace =
  | { readonly kind: 'file'; readonly path: string }
  /** Address that the routes of the service stand under, without a slash at its end. */
  | { readonly kind: 'service'; readonly url: string }
  | { readonly kind: 'config-map'; readonly place: ObjectPlace; readonly key: string }
  | { readonly kind: 'oci'; readonly reference: OciReference };

const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const KEY = /^[-._a-zA-Z0-9]{1,240}$/;
const DEFAULT_KEY = 'snapshot';

/**
 * Reads how people say it: a path, `https://` of a service, `configmap://namespace/name[/key]`, `oci://registry/repository:tag`
 * or `@digest`.
 * @throws AssayError `usage`
 */
export function parseSnapshotPlace(text: string): SnapshotPlace {
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      if (text === '') throw usage(text, 'no snapshot is named', 'name a file, a service, a ConfigMap or an artifact');
      return { kind: 'file', path: resolve(text) };
    case 'https':
    case 'http':
      return serviceOf(text);
    case 'configmap':
      return { kind: 'config-map', ...parseConfigMapKey(text) };
    case 'oci':
      return { kind: 'oci', reference: parseOci(text) };
    default:
      throw usage(text, `snapshots cannot be read from ${scheme}://`, 'use a path, https://, configmap:// or oci://');
  }
}

/** `configmap://namespace/name`: where the floor is kept. @throws AssayError `usage` */
export function parseConfigMapPlace(text: string): ObjectPlace {
  const [, namespace = '', name = ''] = /^configmap:\/\/([^/]*)\/([^/]*)$/i.exec(text) ?? [];
  if (NAME.test(namespace) && NAME.test(name)) return { namespace, name };
  throw usage(text, 'names no ConfigMap', 'write configmap://namespace/name');
}

function parseConfigMapKey(text: string): { readonly place: ObjectPlace; readonly key: string } {
  const [, map = '', key = DEFAULT_KEY] = /^(configmap:\/\/[^/]*\/[^/]*)(?:\/([^/]*))?$/i.exec(text) ?? [];
  if (map === '' || !KEY.test(key))
    throw usage(text, 'names no key of a ConfigMap', 'write configmap://namespace/name/key');
  return { place: parseConfigMapPlace(map), key };
}

function serviceOf(text: string): SnapshotPlace {
  const hint = 'write https://host, the address of the console';
  if (!URL.canParse(text)) throw usage(text, 'is not an address', hint);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw usage(`${url.origin}/`, 'the address contains a password', 'leave it out, and give --snapshot-token-file');
  }
  if (url.search !== '' || url.hash !== '')
    throw usage(`${url.origin}${url.pathname}`, 'is not an address of a service', hint);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(text, 'the token would be sent in clear text', 'use https://');
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1\/snapshot$/, '');
  return { kind: 'service', url: `${url.origin}${path}` };
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
