import { AssayError } from '../../../core/errors.ts';
import { shownAddress } from '../../../core/reference/reference.ts';
import { createEgress } from '../../../egress/egress.ts';
import { httpError } from '../../../egress/http-error.ts';
import { MAX_BUNDLE_BYTES } from '../../../pipeline/installed-rules.ts';
import type { Shell } from '../../terminal/shell.ts';

/**
 * A bundle of rules from an https address.
 * @throws AssayError `usage` for what is no address; `network`, `refused`, `limit`, `not-found`, `unauthorized`, `aborted`
 */
export async function fetchRules(address: string, shell: Shell): Promise<Uint8Array> {
  if (!URL.canParse(address)) {
    throw new AssayError('usage', 'is no address', { subject: '--from', mend: 'check the address' });
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
