import { readFileSync } from 'node:fs';
import {
  type DetectedString,
  isTokenByte,
  type SearchWindow,
  type StringDetector,
  textBetween,
} from '../../strings/index.ts';
import { ENDPOINT, METADATA_SERVICE } from '../rules.ts';

/** By kind: hosts, with the start of a path where only that counts. One that begins with a point counts with a name before it. */
const LISTED: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../hosts.json', import.meta.url), 'utf8'),
);
/** Characters of a name that nothing else has. */
const MIN_CERTAIN = 9;
/** Texts for people, which name domains in sentences: a domain counts there with what makes it an address. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['markdown', 'text', 'csv', 'jsonl']);

/** One for each host that collects data for anybody. */
export const hostDetectors: readonly StringDetector[] = Object.entries(LISTED).flatMap(([kind, hosts]) =>
  hosts
    .split(' ')
    .map((text) => ({ needles: [{ text, folds: true }], detect: (window, at) => detectHost(window, at, kind, text) })),
);

function detectHost(window: SearchWindow, at: number, kind: string, needle: string): DetectedString | undefined {
  const { bytes } = window;
  const inner = needle.startsWith('.');
  const end = at + needle.length;
  const [before, after] = [bytes[at - 1], bytes[end]];
  // A longer label is another domain, and so is what goes on after it.
  if (inner ? !isTokenByte(before) : isTokenByte(before)) return undefined;
  if (!needle.includes('/') && (isTokenByte(after) || (after === 0x2e && isTokenByte(bytes[end + 1]))))
    return undefined;
  const [label = ''] = /[A-Za-z0-9.-]{0,100}$/.exec(textBetween(window, at - 100, at)) ?? [];
  const isAddress = after === 0x2f || /:\/\/$/.test(textBetween(window, at - label.length - 3, at - label.length));
  // A few letters stand in noise too.
  const isCertain =
    needle.includes('/') ||
    isAddress ||
    (window.isText && needle.length >= MIN_CERTAIN && !FOR_PEOPLE.has(window.kind));
  if (!isCertain) return undefined;
  const host = `${label}${needle.split('/')[0]}`.toLowerCase();
  return { rule: ENDPOINT, message: `Names ${host}, a ${kind}.`, subject: host, evidence: host, end };
}

const METADATA = ['169.254.169.254', 'metadata.google.internal', '169.254.170.2', '100.100.100.200', 'fd00:ec2::254'];

export const metadataDetector: StringDetector = {
  needles: METADATA.map((text) => ({ text, folds: true })),
  detect: detectMetadata,
};

function detectMetadata(window: SearchWindow, at: number): DetectedString | undefined {
  const host = METADATA.find((one) => textBetween(window, at, at + one.length).toLowerCase() === one);
  if (host === undefined) return undefined;
  const around = [window.bytes[at - 1], window.bytes[at + host.length]];
  if (around.some(isTokenByte) || around[0] === 0x2e) return undefined;
  return {
    rule: METADATA_SERVICE,
    message: `Names ${host}, where a cloud gives its credentials.`,
    subject: host,
    evidence: host,
    end: at + host.length,
  };
}

export const onionDetector: StringDetector = { needles: [{ text: '.onion', folds: true }], detect: detectOnion };

/** Version 3 of rend-spec: 35 bytes in base32, the last of which is the version; version 2 had 10. */
function detectOnion(window: SearchWindow, at: number): DetectedString | undefined {
  const end = at + 6;
  if (isTokenByte(window.bytes[end])) return undefined;
  const [, name = ''] = /(?:^|[^a-z2-7])([a-z2-7]{56}|[a-z2-7]{16})$/i.exec(textBetween(window, at - 57, at)) ?? [];
  // The last five bits of the version 3 are those of `d`.
  if (name === '' || (name.length === 56 && !/d$/i.test(name))) return undefined;
  const host = `${name.toLowerCase()}.onion`;
  return { rule: ENDPOINT, message: `Names ${host}, an onion service.`, subject: host, evidence: host, end };
}
