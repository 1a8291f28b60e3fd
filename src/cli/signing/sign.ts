import { readSmallText } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { keyHint, kindOf } from '../../integrity/envelope/index.ts';
import { keySigner } from '../../integrity/sign/index.ts';
import { terminalText } from '../../report/index.ts';
import type { SigningChoice, SigningMethod } from '../options/index.ts';
import type { Shell } from '../terminal/index.ts';
import { type OpenedKey, openKey } from './key.ts';
import { shellText } from './shell-text.ts';
import type { SigningWay } from './way.ts';

/**
 * Reads keys, certificates and tokens, so that what is wrong with them is said before anything is hashed.
 * @throws AssayError `usage`, `not-found`, `unreadable`, and for an ambient identity `network`, `unauthorized`.
 */
export async function signingWay(choice: SigningChoice, shell: Shell): Promise<SigningWay> {
  const { method } = choice;
  if (method.kind === 'keyless') {
    const { keylessWay } = await import('./keyless.ts');
    return keylessWay(choice, shell);
  }
  const key = await openKey(method.privateKey, choice, shell);
  try {
    return method.kind === 'key' ? keyWay(key) : await certificateWay(method, key);
  } catch (error) {
    key.close();
    throw error;
  }
}

function keyWay(key: OpenedKey): SigningWay {
  const { name, publicKey } = key;
  const publicPath = `${name.replace(/\.(?:pem|key)$/i, '')}.pub`;
  const inFile = {
    before: `openssl pkey -in ${shellText(name)} -pubout -out ${shellText(publicPath)}`,
    options: `--public-key ${shellText(publicPath)}`,
  };
  return {
    signer: keySigner(key, name),
    publicKey,
    who: () => `key ${kindOf(publicKey)}, hint ${keyHint(publicKey)}`,
    verifying: () => (key.kind === 'file' ? inFile : { options: '--public-key KEY.pub' }),
    close: async () => key.close(),
  };
}

async function certificateWay(
  { certificate, chain: chainPath }: Extract<SigningMethod, { kind: 'certificate' }>,
  key: OpenedKey,
): Promise<SigningWay> {
  const { certificateSigner, readCertificates } = await import('../../integrity/sign/index.ts');
  const read = async (path: string, option: string) => readCertificates(await readSmallText(path, option), path);
  const [leaf, ...others] = await read(certificate, '--certificate');
  if (leaf === undefined) throw new AssayError('internal', 'the certificate file contains no certificate');
  const chain = chainPath === undefined ? [] : await read(chainPath, '--certificate-chain');
  const subjects = { certificate, chain: chainPath ?? certificate };
  const root = chain.some((one) => one.checkIssued(one)) ? shellText(chainPath ?? '') : 'ROOT.pem';
  return {
    signer: certificateSigner({ privateKey: key, leaf, chain: [...others, ...chain], subjects }),
    who: () => `certificate ${nameOf(leaf.subject)}, issued by ${nameOf(leaf.issuer)}`,
    verifying: () => ({ options: `--certificate-chain ${root}` }),
    close: async () => key.close(),
  };
}

/** A distinguished name in one line. */
function nameOf(name: string): string {
  return terminalText(name.split('\n').join(', '));
}
