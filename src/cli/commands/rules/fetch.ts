import { AssayError } from '../../../core/index.ts';
import { shownAddress } from '../../../core/reference/index.ts';
import { createEgress, httpError } from '../../../egress/index.ts';
import { MAX_BUNDLE_BYTES } from '../../../pipeline/index.ts';
import type { Shell } from '../../terminal/index.ts';

/**
 * A bundle of rules from an https address.
 * @throws AssayError `usage` for what is not an address; `network`, `refused`, `limit`, `not-found`, `unauthorized`, `aborted`
 */
export async function fetchRules(address: string, shell: Shell): Promise<Uint8Array> {
  if (!URL.canParse(address)) {
    throw new AssayError('usage', 'is not an address', { subject: '--from', hint: 'check the address' });
  }
  const egress = createEgress({ env: shell.env, signal: shell.signal });
  try {
    const response = await egress.fetch(address, { maxBytes: MAX_BUNDLE_BYTES });
    if (!response.ok) throw httpError(response, shownAddress(address));
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    await egress.close();
  }
}
