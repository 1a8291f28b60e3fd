import * as v from 'valibot';
import { isDateTime } from './date-time.ts';
import { type Schema, schemaOf } from './schema.ts';

export interface TextOptions {
  readonly description?: string;
  /** In characters, as JSON Schema counts them: a pair of surrogates is one. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: 'date-time';
}

/** The form that an answer must have in addition to its documented form, because it is printed or compared. */
export interface TextShape {
  readonly pattern: RegExp;
  /** The message for a text that does not match: `is not a digest`. */
  readonly otherwise: string;
}

export function string(options: TextOptions = {}, shape?: TextShape): Schema<string> {
  const problem = textProblem(options);
  const check = v.pipe(
    v.string('must be string'),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? problem(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );
  const json = { type: 'string', ...options };
  return shape === undefined ? schemaOf(check, json) : schemaOf(check, json, () => shaped(shape));
}

export function shaped({ pattern, otherwise }: TextShape): v.GenericSchema<string> {
  return v.pipe(v.string('must be string'), v.regex(pattern, otherwise));
}

/** The first thing that is wrong with a text, in the words and in the order of JSON Schema's validators. */
function textProblem(options: TextOptions): (text: string) => string | undefined {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format } = options;
  const matcher = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return (text) => {
    // A text never has more characters than code units.
    if (text.length > maxLength && characters(text) > maxLength)
      return `must NOT have more than ${maxLength} characters`;
    if (text.length < minLength * 2 && characters(text) < minLength)
      return `must NOT have fewer than ${minLength} characters`;
    if (matcher?.test(text) === false) return `must match pattern "${pattern}"`;
    if (format !== undefined && !isDateTime(text)) return `must match format "${format}"`;
    return undefined;
  };
}

function characters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++, count++) if (isPair(text, at)) at++;
  return count;
}

function isPair(text: string, at: number): boolean {
  const [high, low] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}
