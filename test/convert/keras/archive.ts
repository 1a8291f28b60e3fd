import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { archiveEntries, openMember } from '../../../src/formats/archive/members.ts';
import { buildZip } from '../../support/containers.ts';
import { withReadOptions } from '../convert-bytes.ts';
import { modelFile } from './cases.ts';

/** What JSON holds, to be changed. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The members of a `.keras` file of a case. */
export async function kerasMembers(name: string): Promise<Map<string, Buffer>> {
  const bytes = modelFile(name);
  return await withReadOptions(bytes.length, {}, async (options) => {
    const source = new MemorySource(bytes, name);
    const members = new Map<string, Buffer>();
    for (const [path, entry] of await archiveEntries(source, options)) {
      const member = await openMember(source, entry, options);
      members.set(path, Buffer.from(await member.read(0, member.size)));
    }
    return members;
  });
}

/** The same file with another configuration. */
export async function withConfig(name: string, change: (config: Json) => Json | Buffer): Promise<Buffer> {
  const members = await kerasMembers(name);
  const changed = change(JSON.parse(String(members.get('config.json'))));
  members.set('config.json', Buffer.isBuffer(changed) ? changed : Buffer.from(JSON.stringify(changed)));
  return buildZip([...members].map(([path, data]) => ({ name: path, data })));
}

/** The value that a path of keys leads to. */
export function at(json: Json, ...path: readonly (string | number)[]): Json {
  return path.reduce<Json>((value, key) => {
    const next = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    if (next === undefined) throw new Error(`there is no ${path.join('.')}`);
    return next;
  }, json);
}

/** Sets the value that a path of keys leads to. */
export function put(json: Json, path: readonly (string | number)[], value: Json): Json {
  const owner = at(json, ...path.slice(0, -1));
  if (typeof owner !== 'object' || owner === null) throw new Error(`${path.join('.')} is not in an object`);
  Object.defineProperty(owner, path.at(-1) ?? '', { value, enumerable: true, configurable: true, writable: true });
  return json;
}
