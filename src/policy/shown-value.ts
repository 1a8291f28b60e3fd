import { celLibrary } from './cel/index.ts';

const MAX_ITEMS = 3;
const MAX_TEXT = 60;
/** The field that identifies an item of a list for people: a file, a finding, a check. */
const NAMES: readonly string[] = ['path', 'fingerprint', 'id', 'signer'];

/** A value of an expression, briefly. */
export function shownValue(value: unknown): string {
  const { cel } = celLibrary();
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (value === null || typeof value !== 'object') return String(value);
  if (cel.isCelList(value)) return listText([...value]);
  if (cel.isCelMap(value)) {
    const name = NAMES.map((key) => value.get(key)).find((found) => typeof found === 'string');
    return typeof name === 'string' ? shortened(name) : `a map of ${value.size}`;
  }
  return 'message' in value ? momentText(value.message) : 'a value';
}

function listText(items: readonly unknown[]): string {
  const shown = items.slice(0, MAX_ITEMS).map(shownValue).join(', ');
  const more = items.length > MAX_ITEMS ? `, and ${items.length - MAX_ITEMS} more` : '';
  return items.length === 0 ? 'none' : `${items.length}: ${shown}${more}`;
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** A timestamp or a duration, both in seconds. */
function momentText(message: unknown): string {
  if (typeof message !== 'object' || message === null || !('seconds' in message)) return 'a value';
  const seconds = Number(message.seconds);
  const isTimestamp = '$typeName' in message && message.$typeName === 'google.protobuf.Timestamp';
  return isTimestamp ? new Date(seconds * 1000).toISOString() : `${seconds}s`;
}
