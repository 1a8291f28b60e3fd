import {
  beginsWord,
  type DetectedString,
  isTokenByte,
  type SearchWindow,
  type StringDetector,
  textBetween,
} from '../../strings/index.ts';
import { CLOUD_KEY } from '../rules.ts';
import { foundSecret } from './found.ts';
import { isPlaceholder, kindsOfCharacters } from './placeholder.ts';

/** Characters between the id of a key of AWS and its secret, at most. */
const NEAR = 400;
/** The key of the emulators of Azure, which Microsoft publishes. */
const EMULATOR = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq';

export const awsDetector: StringDetector = { needles: ['AKIA', 'ASIA'], detect: detectAws };
export const azureDetector: StringDetector = {
  needles: [{ text: 'AccountKey=', folds: true }],
  detect: detectAzureKey,
};
export const sasDetector: StringDetector = { needles: [{ text: 'sig=', folds: true }], detect: detectSas };

/** The id alone is not a secret: it counts when a secret key, 40 characters of base64, is beside it. */
function detectAws(window: SearchWindow, at: number): DetectedString | undefined {
  const id = /^A[KS]IA[A-Z2-7]{16}/.exec(textBetween(window, at, at + 20))?.[0];
  const { bytes } = window;
  if (id === undefined || !beginsWord(window, at) || isTokenByte(bytes[at + 20]) || isPlaceholder(id.slice(4)))
    return undefined;
  const after = textBetween(window, at + 20, at + 20 + NEAR);
  const before = textBetween(window, at - NEAR, at);
  for (const text of [after, before])
    for (const [, secret = ''] of text.matchAll(/(?<![A-Za-z0-9+/=_-])([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=_-])/g))
      if (isAwsSecret(secret))
        return foundSecret(CLOUD_KEY, `a secret key of AWS, of the key id ${id.slice(0, 8)}…`, secret, 0, at + 20);
  return undefined;
}

function isAwsSecret(text: string): boolean {
  return kindsOfCharacters(text) >= 3 && !/^[0-9a-f]+$/i.test(text) && !isPlaceholder(text);
}

function detectAzureKey(window: SearchWindow, at: number): DetectedString | undefined {
  const text = textBetween(window, at, at + 120);
  const [, key] = /^AccountKey=([A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])/i.exec(text) ?? [];
  if (key === undefined || key.startsWith(EMULATOR) || isPlaceholder(key.slice(0, 86))) return undefined;
  return foundSecret(CLOUD_KEY, 'a key of Azure Storage', key, 0, at + 11 + key.length);
}

/** A shared access signature: the version, the permissions or the policy, and 32 bytes of signature, in any order. */
function detectSas(window: SearchWindow, at: number): DetectedString | undefined {
  if (!/[?&;'"\s]/.test(textBetween(window, at - 1, at))) return undefined;
  const [, signature] = /^sig=([A-Za-z0-9+/%]{43,70})/i.exec(textBetween(window, at, at + 80)) ?? [];
  if (signature === undefined) return undefined;
  const plain = signature.replaceAll(/%2b/gi, '+').replaceAll(/%2f/gi, '/').replaceAll(/%3d/gi, '=');
  if (!/^[A-Za-z0-9+/]{43}=$/.test(plain) || isPlaceholder(plain)) return undefined;
  const [before] = /[^\s"'<>]{0,600}$/.exec(textBetween(window, at - 600, at)) ?? [''];
  const [after] = /^[^\s"'<>]{0,600}/.exec(textBetween(window, at, at + 600)) ?? [''];
  const query = `${before}${after}`;
  if (!/[?&;"']?sv=20\d\d-\d\d-\d\d/.test(query) || !/[?&](?:sp|si|ss|srt|se)=/.test(query)) return undefined;
  return foundSecret(CLOUD_KEY, 'a shared access signature of Azure', plain, 0, at + 4 + signature.length);
}
