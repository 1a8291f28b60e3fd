import { parseTime } from '../../../src/integrity/statements/index.ts';
import type { Entry, YamlSource } from '../../../src/policy/index.ts';

/** When something ends: a day, to its beginning, or a moment. @returns ISO 8601 UTC */
export function readEnd(source: YamlSource, entry: Entry | undefined): string | undefined {
  const text = entry && source.text(entry);
  if (entry === undefined || text === undefined) return undefined;
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (parseTime(whole) !== undefined) return whole;
  return source.report(entry.at, `${text} is not a time`, 'write 2027-01-31 or 2027-01-31T12:00:00Z');
}
