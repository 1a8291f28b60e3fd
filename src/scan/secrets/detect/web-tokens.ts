import {
  beginsWord,
  type DetectedString,
  type SearchWindow,
  type StringDetector,
  textBetween,
} from '../../strings/index.ts';
import { TOKEN } from '../rules.ts';
import { foundSecret } from './found.ts';
import { isPlaceholder } from './placeholder.ts';

/** Bytes of a signature, by algorithm (RFC 7518): of one length, or between two. */
const SIGNATURES: readonly { readonly algorithm: RegExp; readonly from: number; readonly to: number }[] = [
  { algorithm: /^HS256$/, from: 32, to: 32 },
  { algorithm: /^HS384$/, from: 48, to: 48 },
  { algorithm: /^HS512$/, from: 64, to: 64 },
  { algorithm: /^(?:ES256K?|EdDSA)$/, from: 64, to: 64 },
  { algorithm: /^ES384$/, from: 96, to: 96 },
  { algorithm: /^ES512$/, from: 132, to: 132 },
  { algorithm: /^[RP]S\d{3}$/, from: 256, to: 1024 },
];
const MAX_TOKEN = 8_000;
/** Of the examples of jwt.io and RFC 7519, and of public keys of hosted databases, which identify a project and open nothing. */
const EXAMPLES = /"John Doe"|"sub"\s*:\s*"1234567890"|"iss"\s*:\s*"joe"|"role"\s*:\s*"anon"|example\.(?:com|org)/;

export const webTokenDetector: StringDetector = { needles: ['eyJ'], detect };

function detect(window: SearchWindow, at: number): DetectedString | undefined {
  if (!beginsWord(window, at)) return undefined;
  const [, head = '', payload = '', signature = ''] =
    /^(eyJ[A-Za-z0-9_-]{10,500})\.(eyJ[A-Za-z0-9_-]{4,6000})\.([A-Za-z0-9_-]{43,1400})(?![A-Za-z0-9_.-])/.exec(
      textBetween(window, at, at + MAX_TOKEN),
    ) ?? [];
  if (signature === '') return undefined;
  const [header, claims] = [textIn(head), textIn(payload)];
  const [, algorithm = ''] = /"alg"\s*:\s*"([A-Za-z0-9]{2,8})"/.exec(header) ?? [];
  const bytes = Buffer.from(signature, 'base64url').length;
  const isSigned = SIGNATURES.some((one) => one.algorithm.test(algorithm) && bytes >= one.from && bytes <= one.to);
  if (!isSigned || !/^\{.*\}$/s.test(header) || !/^\{.*\}$/s.test(claims)) return undefined;
  if (EXAMPLES.test(claims) || isPlaceholder(signature)) return undefined;
  const token = `${head}.${payload}.${signature}`;
  return foundSecret(TOKEN, `a JSON Web Token, signed with ${algorithm}`, token, 3, at + token.length);
}

function textIn(part: string): string {
  return Buffer.from(part, 'base64url').toString('latin1');
}
