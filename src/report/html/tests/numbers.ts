/** A measure as people read it: enough digits to see why it passes or not. */
export function measureNumber(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'not a finite number' : String(Number(value.toPrecision(6)));
}
