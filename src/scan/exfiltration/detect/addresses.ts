import { type DetectedString, type SearchWindow, type StringDetector, textBetween } from '../../strings/index.ts';
import { RAW_ADDRESS } from '../rules.ts';

export const rawAddressDetector: StringDetector = { needles: ['://'], detect };

function detect(window: SearchWindow, at: number): DetectedString | undefined {
  if (!/[a-z0-9]$/i.test(textBetween(window, at - 1, at))) return undefined;
  const text = textBetween(window, at + 3, at + 3 + 140);
  const [all = '', host = ''] =
    /^(?:[^\s/@"'<>]{1,60}@)?((?:\d{1,3}\.){3}\d{1,3}|0x[0-9a-f]{8}|\d{8,10}|\[[0-9a-f:]{4,39}\])(?=[:/?#"'\s\\)>`,;\]}]|$)/i.exec(
      text,
    ) ?? [];
  if (all === '') return undefined;
  const number = host.startsWith('[') ? undefined : numberOf(host);
  if (number === undefined ? !isPublicV6(host.slice(1, -1)) : !isPublicV4(number)) return undefined;
  const shown = number === undefined ? host : dotted(number);
  const how = shown === host ? shown : `${host}, which is ${shown}`;
  return {
    rule: RAW_ADDRESS,
    message: `Holds a URL of ${how}.`,
    subject: shown,
    evidence: shown,
    end: at + 3 + all.length,
  };
}

/** The address as a number, as programs read its forms; NaN for what is not one. */
function numberOf(host: string): number {
  if (!host.includes('.')) return Number(host);
  const parts = host.split('.').map(Number);
  return parts.some((part) => part > 255) ? Number.NaN : parts.reduce((sum, part) => sum * 256 + part, 0);
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Blocks that are not public (RFC 6890), those of documents, and addresses that examples use: first address and bits of the prefix. */
const NOT_PUBLIC: readonly (readonly [first: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['1.1.1.1', 32],
  ['1.2.3.4', 32],
  ['8.8.8.8', 32],
  ['8.8.4.4', 32],
];

function isPublicV4(number: number): boolean {
  if (!(number >= 0 && number < 2 ** 32)) return false;
  return NOT_PUBLIC.every(([first, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(number / size) !== Math.floor(numberOf(first) / size);
  });
}

/** Global unicast (2000::/3), but for the block of documents. */
function isPublicV6(text: string): boolean {
  return /^[23][0-9a-f]{3}:/i.test(text) && !/^2001:0?db8:/i.test(text) && text.split(':').length <= 8;
}
