import type { SigningChoice } from '../../options/index.ts';
import type { SigningWay } from '../../signing/index.ts';
import type { Shell } from '../../terminal/index.ts';

/** `undefined` where a service signs. */
export async function wayOf(signing: SigningChoice | undefined, shell: Shell): Promise<SigningWay | undefined> {
  if (signing === undefined) return undefined;
  const { signingWay } = await import('../../signing/index.ts');
  return signingWay(signing, shell);
}
