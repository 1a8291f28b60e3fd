/** How a registry requires requests to be authorised (RFC 9110, 11.6.1; the distribution project's token specification). */
export type OciChallenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      /** Address of the token server, as the registry wrote it: to be checked before a request is sent there. */
      readonly realm: string;
      readonly service: string | undefined;
    };

/** Characters of a `WWW-Authenticate` header that are looked at; registries write a few hundred. */
const MAX_HEADER = 16 * 1024;
/** A parameter with its value, else a scheme, else a separator. No two alternatives begin alike without end. */
const PART = /([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w!#$%&'*+.^`|~-]+)|[\s,]+/y;

/**
 * The challenge to answer: a bearer one with a realm, else a basic one.
 * @returns `undefined` when the header asks for nothing that is known here.
 */
export function parseChallenge(header: string | null): OciChallenge | undefined {
  const challenges = header === null || header.length > MAX_HEADER ? [] : challengesIn(header);
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get('realm');
    if (scheme === 'bearer' && realm !== undefined)
      return { scheme: 'bearer', realm, service: parameters.get('service') };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

interface Challenge {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

function challengesIn(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < header.length) {
    const match = PART.exec(header);
    // Text that is not a challenge: earlier challenges count, later text does not.
    if (match === null) break;
    const [, name, quoted, bare, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else if (name !== undefined) {
      const value = quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1');
      challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
    }
  }
  return challenges;
}
