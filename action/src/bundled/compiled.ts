import { basename } from 'node:path';
import { BUNDLE } from './place.ts';

/**
 * Stands in for `src/core/compiled.ts`: a thread of the bundle is the bundle, told which of its threads to be. Node drops the query
 * of a thread's own address, and keeps that of what it imports.
 */
export function compiledUrl(relative: string): URL {
  const url = new URL(BUNDLE);
  url.searchParams.set('thread', basename(relative, '.js'));
  return new URL(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(url.href)};`)}`);
}
