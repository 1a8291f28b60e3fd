const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * Milliseconds since 1970 of an in-toto Timestamp: RFC 3339 in UTC, `2027-01-31T00:00:00Z`; `undefined` for anything else, days
 * that no calendar has and leap seconds included.
 */
export function parseTime(text: string): number | undefined {
  if (!TIMESTAMP.test(text)) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return undefined;
  // 2027-02-30 is read as a day of March, and 24:00:00 as the next day.
  return new Date(time).toISOString().slice(0, 19) === text.slice(0, 19) ? time : undefined;
}

/** To the second, as statements write it. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
