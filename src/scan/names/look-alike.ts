import { readFileSync } from 'node:fs';

const LISTED: { readonly owners: string } = JSON.parse(readFileSync(new URL('./owners.json', import.meta.url), 'utf8'));

/** Letters of other scripts that look like Latin ones (Unicode TR39), and digits that stand for letters. */
const LATIN: Readonly<Record<string, string>> = {
  а: 'a',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  һ: 'h',
  і: 'i',
  ј: 'j',
  ӏ: 'l',
  о: 'o',
  р: 'p',
  ѕ: 's',
  ԛ: 'q',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  у: 'y',
  к: 'k',
  м: 'm',
  т: 't',
  в: 'b',
  н: 'h',
  α: 'a',
  ο: 'o',
  ρ: 'p',
  ν: 'v',
  τ: 't',
  υ: 'u',
  κ: 'k',
  ι: 'i',
  ε: 'e',
  ı: 'i',
  ɡ: 'g',
  ɑ: 'a',
  ʟ: 'l',
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '|': 'l',
};
/** Words that pretenders add to a name. */
const ADDED = /(?:official|offical|real|verified|original|team|hq)$|^(?:official|real|the)/;
/** Characters of a name of which one may differ: shorter names meet by chance. */
const MIN_TYPO = 6;

/** What a reader sees in a name: `i` and `l` look alike, `rn` like `m`, and nobody remembers separators. */
function skeletonOf(owner: string): string {
  return [...owner.normalize('NFKC').toLowerCase()]
    .map((one) => LATIN[one] ?? one)
    .join('')
    .replaceAll(/[-_. ]/g, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('i', 'l');
}

interface Known {
  readonly owner: string;
  readonly skeleton: string;
}

let shipped: readonly Known[] | undefined;

/**
 * The well-known owner that a name looks like; `undefined` for that owner itself and for any other name.
 * @param more owners that an organisation knows besides those of the list
 */
export function lookAlike(owner: string, more: readonly string[] = []): string | undefined {
  shipped ??= LISTED.owners.split(' ').map((one) => ({ owner: one, skeleton: skeletonOf(one) }));
  const all = [...shipped, ...more.map((one) => ({ owner: one, skeleton: skeletonOf(one) }))];
  // The Hub does not tell upper from lower case.
  if (all.some((one) => one.owner.toLowerCase() === owner.toLowerCase())) return undefined;
  const seen = skeletonOf(owner);
  const bare = skeletonOf(
    owner
      .toLowerCase()
      .replaceAll(/[-_. ]/g, '')
      .replace(ADDED, ''),
  );
  return all.find(({ skeleton }) => seen === skeleton || bare === skeleton || isTypo(seen, skeleton))?.owner;
}

/** One character more, less, another, or two swapped (Damerau), in a name that is not short. */
function isTypo(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < MIN_TYPO || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (left.length <= 1 && right.length <= 1) return !isOtherName(a, b, left, right);
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}

/** A number or a plural at the end makes another name: `model2`, `models`. */
function isOtherName(a: string, b: string, left: string, right: string): boolean {
  const longer = a.length > b.length ? a : b;
  return (
    left.length + right.length === 1 && /[\ds]$/.test(longer) && longer.slice(0, -1) === (a.length > b.length ? b : a)
  );
}
