const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * When a waiver ends: ISO 8601 in UTC, a day (`2027-01-31`: its first moment) or a date-time (`2027-01-31T12:00:00Z`).
 * An invalid date, which no moment is before, for anything else: days that no calendar has and leap seconds included.
 */
export function endOfWaiver(expires: string): Date {
  const never = new Date(Number.NaN);
  const text = DAY.test(expires) ? `${expires}T00:00:00Z` : expires;
  if (!MOMENT.test(text)) return never;
  const end = new Date(text);
  // 2027-02-30 is read as a day of March, and 24:00:00 as the next day.
  return Number.isNaN(end.getTime()) || end.toISOString().slice(0, 19) !== text.slice(0, 19) ? never : end;
}
