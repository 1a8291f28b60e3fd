import { createHash } from 'node:crypto';

/** The output of Python's `pickle.dumps`, protocol 0, for an object whose `__reduce__` is `(os.system, ('true',))`. */
export const MALICIOUS = Buffer.from('cposix\nsystem\np0\n(Vtrue\np1\ntp2\nRp3\n.');
/** The same with another argument. */
export const MALICIOUS_TOO = Buffer.from('cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n.');
/** `pickle.dumps({'a': 1}, 0)`. */
export const CLEAN = Buffer.from('(dp0\nVa\np1\nI1\ns.');
/** `pickle.dumps(acme.loss)`: a name that is in no list. */
export const UNLISTED = Buffer.from('cacme.losses\nfocal\np0\n.');

/** The pointer that Git LFS commits in place of a file. */
export function lfsPointer(content: Uint8Array): string {
  const oid = createHash('sha256').update(content).digest('hex');
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
