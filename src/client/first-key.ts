import type { KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, codeOrText } from '../core/index.ts';
import { keyHint } from '../integrity/envelope/index.ts';
import type { TrustFile } from '../integrity/trust-file/index.ts';
import type { FirstKey } from './client.ts';

/** Its roles; other signers judge models or sign snapshots. */
const MAY = ['approval', 'waiver', 'image'] as const;

/** Trust in one key, and its entry in the trust file. */
export function believing(
  key: KeyObject,
  who: string,
  folder: string,
): { readonly trust: TrustFile; readonly firstKey: FirstKey } {
  const path = join(folder, 'trust.yaml');
  const rule = { name: who, trust: { kind: 'key', key }, may: new Set(MAY) } as const;
  let isKept = false;
  const keep = async () => {
    if (isKept) return false;
    await write(key, who, folder, path);
    isKept = true;
    return true;
  };
  return { trust: { path, rules: [rule], warnings: [] }, firstKey: { path, keep } };
}

async function write(key: KeyObject, who: string, folder: string, path: string): Promise<void> {
  const name = `keys/${keyHint(key).slice(0, 16)}.pub`;
  const text = `# Whose approvals count in this registry. The first key that approved was believed; add those of others, or take it out.
version: 1
signers:
  - name: ${JSON.stringify(who)}
    key: ${name}
    may: [${MAY.join(', ')}]
`;
  try {
    await mkdir(join(folder, 'keys'), { recursive: true });
    await writeFile(join(folder, name), key.export({ type: 'spki', format: 'pem' }));
    // Another key may have been the first in the meantime.
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const why = codeOrText(cause);
    const hint = why === 'EEXIST' ? 'run the command again' : 'check its permissions and the space left';
    throw new AssayError('unreadable', `cannot be written (${why})`, { subject: path, hint, cause });
  }
}
