import { ENDPOINTS, type EndpointRow } from './table/index.ts';
import { isTrue } from './told.ts';
import type { ShellWord, Variables } from './variables.ts';

/** The servers that names without a host mean when no other is named. */
const WELL_KNOWN: ReadonlySet<string> = new Set(['https://huggingface.co', 'https://s3.amazonaws.com']);

export type Endpoint =
  | { readonly kind: 'known'; readonly address: string | null }
  | { readonly kind: 'modelscope' }
  | { readonly kind: 'unresolved'; readonly where: string; readonly why: string };

/** From where a container fetches references of a scheme. */
export function hubEndpointOf(scheme: string, variables: Variables): Endpoint {
  const rows = ENDPOINTS.filter(({ schemes }) => schemes.includes(scheme));
  const moved = rows.find((row) => row.means === 'switch' && row.names.some((name) => switchedOn(variables.get(name))));
  if (moved !== undefined) return { kind: 'modelscope' };
  for (const row of rows) {
    const set = wordOf(row, variables);
    if (set !== undefined) return readEndpoint(set);
  }
  return { kind: 'known', address: null };
}

function switchedOn(word: ShellWord | undefined): boolean {
  return word !== undefined && word.unresolved === undefined && isTrue(word.text);
}

function wordOf(row: EndpointRow, variables: Variables): ShellWord | undefined {
  if (row.means !== 'address') return undefined;
  for (const name of row.names) {
    const word = variables.get(name);
    if (word !== undefined && (word.text !== '' || word.unresolved !== undefined)) return word;
  }
  return undefined;
}

export function readEndpoint({ text, where, unresolved }: ShellWord): Endpoint {
  if (unresolved !== undefined) return { kind: 'unresolved', where, why: unresolved };
  const address = canonicalAddress(text);
  if (address === undefined) return { kind: 'unresolved', where, why: 'is not an address of a server' };
  return { kind: 'known', address: WELL_KNOWN.has(address) ? null : address };
}

/** The one spelling of a server's address. */
function canonicalAddress(text: string): string | undefined {
  if (text.length > 2048) return undefined;
  // Some variables hold a host alone; MLflow also takes a folder or a database.
  const full = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[\w.-]+:\d+(?:\/|$)/.test(text) ? text : `https://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  if (url.username !== '' || url.password !== '') return undefined;
  if (!/^https?:$/.test(url.protocol)) return full;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Every variable that changes from where something is fetched. */
export const ENDPOINT_VARIABLES: ReadonlySet<string> = new Set(ENDPOINTS.flatMap(({ names }) => names));
