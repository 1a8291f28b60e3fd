/** The day that comes after so many days, `2027-03-09`: for what may not end too late, on whatever day the tests run. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
