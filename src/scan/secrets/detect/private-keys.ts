import type { DetectedString, SearchWindow, StringDetector } from '../../strings/index.ts';
import { textBetween } from '../../strings/index.ts';
import { CLOUD_KEY, PRIVATE_KEY } from '../rules.ts';
import { foundSecret } from './found.ts';

const BEGIN = '-----BEGIN ';
const LABEL = /^-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY(?: BLOCK)?)-----/;
/** Characters of a key of 16,384 bits. */
const MAX_KEY = 20_000;
/** Around the key of a service account of Google Cloud stand the other properties of its JSON. */
const MAX_ACCOUNT = 3_000;

export const pemDetector: StringDetector = { needles: [BEGIN], detect: detectPem };

export const puttyDetector: StringDetector = { needles: ['PuTTY-User-Key-File-'], detect: detectPutty };

function detectPem(window: SearchWindow, at: number): DetectedString | undefined {
  const label = LABEL.exec(textBetween(window, at, at + 60))?.[1];
  if (label === undefined) return undefined;
  const text = textBetween(window, at, at + MAX_KEY);
  const begin = BEGIN.length + label.length + 5;
  const end = text.indexOf(`-----END ${label}-----`, begin);
  if (end < 0) return undefined;
  const body = text.slice(begin, end).replaceAll(/\\[rn]/g, '\n');
  const encrypted = /Proc-Type: 4,ENCRYPTED/.test(body) || label.startsWith('ENCRYPTED');
  const base64 = body.replaceAll(/^[\s"']*[A-Za-z-]+: .*$/gm, '').replaceAll(/["',\\]|\s\+\s|\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (!isKey(label, key, encrypted)) return undefined;
  const last = at + end + `-----END ${label}-----`.length;
  const secret = `-----BEGIN ${label}-----${base64}`;
  const prefix = begin - 4;
  if (isServiceAccount(textBetween(window, at - MAX_ACCOUNT, at) + textBetween(window, last, last + MAX_ACCOUNT)))
    return foundSecret(CLOUD_KEY, 'the key of a service account of Google Cloud', secret, prefix, last);
  const title = encrypted ? 'a private key, encrypted with a password' : 'a private key';
  return foundSecret(PRIVATE_KEY, title, secret, prefix, last);
}

function isServiceAccount(around: string): boolean {
  return /"type"\s{0,20}:\s{0,20}"service_account"/.test(around) && around.includes('gserviceaccount.com');
}

function isKey(label: string, key: Buffer, encrypted: boolean): boolean {
  if (label.startsWith('OPENSSH')) return isOpenSsh(key);
  if (label.endsWith('BLOCK')) return false;
  // A key in the old encryption of OpenSSL is blocks of a cipher.
  if (encrypted && !label.startsWith('ENCRYPTED')) return key.length >= 64 && key.length % 8 === 0;
  const outer = derAt(key, 0);
  if (outer?.tag !== 0x30 || outer.end !== key.length) return false;
  const first = derAt(key, outer.start);
  if (first === undefined) return false;
  const second = derAt(key, first.end);
  if (label.startsWith('ENCRYPTED')) return first.tag === 0x30 && second?.tag === 0x04 && second.end === key.length;
  const version = first.tag === 0x02 && first.end - first.start === 1 && (key[first.start] ?? 2) <= 1;
  const wanted = label.startsWith('EC ') ? 0x04 : label === 'PRIVATE KEY' ? 0x30 : 0x02;
  return version && second?.tag === wanted && second.end <= key.length;
}

/** RFC 4253 strings after a magic (PROTOCOL.key of OpenSSH); of a key without a password, two check numbers agree. */
function isOpenSsh(key: Buffer): boolean {
  const magic = 'openssh-key-v1\0';
  if (key.toString('latin1', 0, magic.length) !== magic) return false;
  let at = magic.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > key.length) return undefined;
    const length = key.readUInt32BE(at);
    if (length > key.length - at - 4) return undefined;
    const value = key.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  const [cipher, derivation, options] = [next(), next(), next()];
  if (cipher === undefined || derivation === undefined || options === undefined) return false;
  at += 4;
  const [open, closed] = [next(), next()];
  if (open === undefined || closed === undefined || closed.length < 32) return false;
  return cipher.toString('latin1') !== 'none' || closed.readUInt32BE(0) === closed.readUInt32BE(4);
}

interface DerPart {
  readonly tag: number;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
}

function derAt(bytes: Buffer, at: number): DerPart | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const size = first < 0x80 ? 0 : first & 0x7f;
  if (size > 3 || first === 0x80 || at + 2 + size > bytes.length) return undefined;
  const length = size === 0 ? first : bytes.readUIntBE(at + 2, size);
  const start = at + 2 + size;
  return start + length > bytes.length ? undefined : { tag, start, end: start + length };
}

function detectPutty(window: SearchWindow, at: number): DetectedString | undefined {
  const text = textBetween(window, at, at + MAX_KEY).replaceAll(/(?:(?:\\r)?\\n|\r?\n)[ \t]*/g, '\n');
  const [, lines] =
    /^PuTTY-User-Key-File-[23]: .{1,80}\n(?:[A-Z][A-Za-z0-9-]{1,40}: .{0,300}\n|[A-Za-z0-9+/=]{1,64}\n){1,300}?Private-Lines: (\d{1,3})\n/.exec(
      text,
    ) ?? [];
  if (lines === undefined) return undefined;
  const begin = text.indexOf('Private-Lines: ');
  const body = text
    .slice(text.indexOf('\n', begin) + 1)
    .split('\n')
    .slice(0, Number(lines) + 1);
  const mac = body.pop() ?? '';
  const base64 = body.join('');
  if (
    !/^[A-Za-z0-9+/]{40,}={0,2}$/.test(base64) ||
    base64.length % 4 !== 0 ||
    !/^Private-MAC: [0-9a-f]{40,64}/.test(mac)
  )
    return undefined;
  return foundSecret(
    PRIVATE_KEY,
    'a private key of PuTTY',
    `PuTTY-User-Key-File-${base64}`,
    20,
    at + begin + base64.length,
  );
}
