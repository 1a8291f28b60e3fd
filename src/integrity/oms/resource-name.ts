import { quoted, SignatureError } from '../envelope/index.ts';
import type { Resource } from './manifest.ts';

const MAX_PATH_BYTES = 4096;
const SHARD = /^(.*):(0|[1-9]\d*):(0|[1-9]\d*)$/s;

interface Shard {
  readonly path: string;
  readonly range: { readonly start: number; readonly end: number };
}

/**
 * Refuses a name that cannot be the path of a file within a model, or could be the path of another file.
 * @throws SignatureError `statement`
 */
export function checkPath(path: string): void {
  const why = whyNoPath(path);
  if (why !== undefined) throw new SignatureError('statement', `the statement lists ${quoted(path)}, which ${why}`);
}

/** Nearly every path: it cannot hold any of the faults below. */
const PLAIN = /^[A-Za-z0-9_-][\w.-]*(?:\/[A-Za-z0-9_-][\w.-]*)*$/;

function whyNoPath(path: string): string | undefined {
  if (path === '.' || (path.length <= MAX_PATH_BYTES && PLAIN.test(path))) return undefined;
  if (path === '') return 'is not a name';
  if (path.startsWith('/')) return 'is an absolute path';
  if (path.includes('\0')) return 'holds a NUL character';
  if (/\p{Cs}/u.test(path)) return 'is not Unicode text';
  const parts = path.split('/');
  if (parts.includes('..')) return 'leads out of the model';
  if (parts.some((part) => part === '' || part === '.')) return 'is not in its shortest form';
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? `is longer than ${MAX_PATH_BYTES} bytes` : undefined;
}

/**
 * `path:start:end`, read from the right: a path may hold colons.
 * @throws SignatureError `statement`
 */
export function parseShard(name: string, shardSize: number): Shard {
  const [, path = '', from = '', to = ''] = SHARD.exec(name) ?? [];
  if (path === '')
    throw new SignatureError('statement', `the statement lists ${quoted(name)}, which does not name a shard`);
  const [start, end] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(end) || start >= end || end - start > shardSize) {
    throw new SignatureError('statement', `the shard ${quoted(name)} does not have 1 to ${shardSize} bytes`);
  }
  return { path, range: { start, end } };
}

/**
 * The shards of a file must be the whole file, cut at each multiple of the size, whatever their order.
 * @throws SignatureError `statement`
 */
export function checkShards(resources: readonly Resource[], shardSize: number): void {
  for (const [path, ranges] of rangesByPath(resources)) {
    let end = 0;
    for (const range of ranges.sort((a, b) => a.start - b.start)) {
      if (range.start < end)
        throw new SignatureError('statement', `shards of ${quoted(path)} overlap at byte ${range.start}`);
      if (range.start > end) throw new SignatureError('statement', `no shard of ${quoted(path)} covers byte ${end}`);
      if (range.start % shardSize !== 0) {
        throw new SignatureError('statement', `the shard of ${quoted(path)} before byte ${end} is too short`);
      }
      end = range.end;
    }
  }
}

function rangesByPath(resources: readonly Resource[]): Map<string, { readonly start: number; readonly end: number }[]> {
  const byPath = new Map<string, { readonly start: number; readonly end: number }[]>();
  for (const { path, range } of resources) {
    if (range === undefined) continue;
    const ranges = byPath.get(path);
    if (ranges === undefined) byPath.set(path, [range]);
    else ranges.push(range);
  }
  return byPath;
}
