const FORM = /^(\d{4})-(\d\d)-(\d\d)[tT\s](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[zZ]|([+-])(\d\d):?(\d\d)?)$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text is a date and a time of RFC 3339, as validators of JSON Schema read it. */
export function isDateTime(text: string): boolean {
  const parts = FORM.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  return isDay(year, month, day) && isTime(hour, minute, second, offsetOf(parts[7], parts[8], parts[9]));
}

function isDay(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

interface Offset {
  readonly sign: 1 | -1;
  readonly hours: number;
  readonly minutes: number;
}

function offsetOf(sign: string | undefined, hours: string | undefined, minutes: string | undefined): Offset {
  return { sign: sign === '-' ? -1 : 1, hours: Number(hours ?? 0), minutes: Number(minutes ?? 0) };
}

function isTime(hour: number, minute: number, second: number, { sign, hours, minutes }: Offset): boolean {
  if (hours > 23 || minutes > 59) return false;
  if (hour <= 23 && minute <= 59 && second < 60) return true;
  // A leap second is the last of a day in UTC.
  const inUtc = minute - minutes * sign;
  const hourInUtc = hour - hours * sign - (inUtc < 0 ? 1 : 0);
  return (hourInUtc === 23 || hourInUtc === -1) && (inUtc === 59 || inUtc === -1) && second < 61;
}
