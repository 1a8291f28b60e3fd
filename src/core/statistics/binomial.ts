import { incompleteBeta } from './beta.ts';

/** The probability of at least `count` of `of`, each with a probability of its own of `chance`. */
export function binomialTail(count: number, of: number, chance: number): number {
  if (count <= 0) return 1;
  if (count > of) return 0;
  return incompleteBeta(chance, count, of - count + 1);
}

/** The exact interval of a share of 95 % (Clopper and Pearson 1934), which is never too narrow. */
export function clopperPearson(count: number, of: number): { low: number; high: number; level: number } {
  const tail = 0.025;
  const low = count === 0 ? 0 : solved((share) => binomialTail(count, of, share) - tail);
  const high = count === of ? 1 : solved((share) => tail - (1 - binomialTail(count + 1, of, share)));
  return { low, high, level: 0.95 };
}

/** What a share is at least, but for a probability of `alpha` (the one-sided bound of Clopper and Pearson). */
export function binomialLow(count: number, of: number, alpha: number): number {
  return count === 0 ? 0 : solved((share) => binomialTail(count, of, share) - alpha);
}

/** The share from 0 to 1 at which a rising function is 0. */
function solved(rising: (share: number) => number): number {
  let [low, high] = [0, 1];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
}
