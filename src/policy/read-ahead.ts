import { readFileSync } from 'node:fs';
import { knowParsed, type ParsedExpression, parseExpression } from './cel/index.ts';
import type { ExpressionText, PolicyDocument } from './document.ts';

/** The parts of a shipped policy that the build read and parsed, so that a start need not. */
interface Ahead {
  /** Of the policy's bytes: another digest, and all of it is read again. */
  readonly digest: string;
  readonly document: PolicyDocument;
  /** By text. */
  readonly parsed: Readonly<Record<string, ParsedExpression>>;
}

/** JSON has no integers of 64 bits. */
const INTEGER = 'int64';

/** The document of a shipped policy as the build left it; `undefined` when there is none, or it is of other bytes. */
export function readAhead(name: string, digest: string): PolicyDocument | undefined {
  let text: string;
  try {
    text = readFileSync(new URL(`./ahead/${name}.json`, import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
  const ahead: Ahead = JSON.parse(text, (_, value) =>
    value?.[INTEGER] === undefined ? value : BigInt(value[INTEGER]),
  );
  if (ahead.digest !== digest) return undefined;
  knowParsed(ahead.parsed);
  return ahead.document;
}

/** The text of such a file. */
export function aheadText(document: PolicyDocument, digest: string): string {
  const parsed = Object.fromEntries(expressionsOf(document).map(({ text }) => [text, parseExpression(text)]));
  const ahead: Ahead = { digest, document, parsed };
  const plain = (key: string, value: unknown) => {
    if (typeof value !== 'bigint') return value;
    return key === 'id' ? Number(value) : { [INTEGER]: String(value) };
  };
  return `${JSON.stringify(ahead, plain)}\n`;
}

function expressionsOf({ match, variables, rules }: PolicyDocument): readonly ExpressionText[] {
  const ofRules = rules.flatMap(({ expression, when, message, findings }) => [expression, when, message, findings]);
  const all = [match.expression, ...variables.map(({ expression }) => expression), ...ofRules];
  return all.filter((part) => typeof part === 'object');
}
