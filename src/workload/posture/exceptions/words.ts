/** Holes of a text, by what fits into them. None takes a space, a quote, a slash, or another character that a shell reads. */
export const HOLES = ['host:port', 'number', 'duration', 'name'] as const;
type Hole = (typeof HOLES)[number];

/** A part of a pattern: a text that stands for itself, or a hole. */
export type PatternPart = { readonly text: string } | { readonly hole: Hole };

const HOLE = new RegExp(`\\{(\\{(?:${HOLES.join('|')})\\}|(?:${HOLES.join('|')})\\})`, 'g');
const HOLE_LIKE = new RegExp(`\\{(?=(?:${HOLES.join('|')})\\})`, 'g');
/** CWE-1333: what fits is looked for at every place at once, which costs their product. */
const MAX_HOLES = 16;
/** Characters of what fills a hole. */
const MAX_FILLED = 253;

/** @returns why a pattern is not used; `undefined` for a good one */
export function patternProblem(pattern: string): string | undefined {
  const parts = patternParts(pattern);
  if (parts.filter((part) => 'hole' in part).length > MAX_HOLES) return `has more than ${MAX_HOLES} holes`;
  const isBeside = parts.some((part, at) => 'hole' in part && at > 0 && 'hole' in (parts[at - 1] ?? {}));
  return isBeside ? 'has two holes beside each other' : undefined;
}

export function patternParts(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let text = '';
  let at = 0;
  for (const found of pattern.matchAll(HOLE)) {
    text += pattern.slice(at, found.index);
    at = found.index + found[0].length;
    const inside = found[1] ?? '';
    if (inside.startsWith('{')) {
      text += inside;
      continue;
    }
    if (text !== '') parts.push({ text });
    text = '';
    const hole = HOLES.find((one) => `${one}}` === inside);
    if (hole !== undefined) parts.push({ hole });
  }
  text += pattern.slice(at);
  if (text !== '' || parts.length === 0) parts.push({ text });
  return parts;
}

/** The pattern that one text fits alone. */
export function plainPattern(text: string): string {
  return text.replace(HOLE_LIKE, '{{');
}

/** Whether a text fits, from its first character to its last. */
export function patternFits(parts: readonly PatternPart[], text: string): boolean {
  let places = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const at of places) for (const end of endsOf(part, text, at)) next.add(end);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(text.length);
}

/** Where a part may end that begins at a place. */
function endsOf(part: PatternPart, text: string, at: number): readonly number[] {
  if ('text' in part) return text.startsWith(part.text, at) ? [at + part.text.length] : [];
  const rest = text.slice(at, at + MAX_FILLED);
  switch (part.hole) {
    case 'name':
      return prefixes(/^[A-Za-z0-9_][A-Za-z0-9_.-]*/, rest, at);
    case 'number':
      return prefixes(/^\d{1,20}(?:\.\d{1,20})?/, rest, at).filter((end) => /\d$/.test(text.slice(at, end)));
    case 'duration':
      return prefixes(/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|ns|[smhd])){1,4}|^\d{1,9}/, rest, at).filter((end) =>
        /^(?:(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|ns|[smhd])){1,4}|\d{1,9})$/.test(text.slice(at, end)),
      );
    case 'host:port': {
      const hosts = prefixes(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?/, rest, at);
      const ports = hosts.flatMap((end) => {
        const digits = /^:\d{1,5}/.exec(text.slice(end, end + 6))?.[0].length ?? 0;
        return Array.from({ length: Math.max(digits - 1, 0) }, (_, more) => end + 2 + more);
      });
      return [...hosts, ...ports];
    }
  }
}

function prefixes(pattern: RegExp, rest: string, at: number): readonly number[] {
  const length = pattern.exec(rest)?.[0].length ?? 0;
  return Array.from({ length }, (_, index) => at + index + 1);
}

/** A pattern with its parameters, `{=name}`, filled in: each value stands for itself. @returns the name that is missing */
export function fillWords(
  pattern: string,
  values: Readonly<Record<string, string>>,
): { readonly pattern: string } | { readonly missing: string } {
  let missing: string | undefined;
  const filled = pattern.replace(/\{=([a-z][a-z0-9-]{0,40})\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) missing ??= name;
    return plainPattern(value ?? '');
  });
  return missing === undefined ? { pattern: filled } : { missing };
}
