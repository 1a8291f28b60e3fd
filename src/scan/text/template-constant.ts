import type { Expression } from '../../formats/jinja/index.ts';

/** Characters of a text that is put together here. */
const MAX_TEXT = 10_000;
const MAX_DEPTH = 50;

/** The text that an expression makes of literals alone; `undefined` when it is not text, or not known. */
export function constantText(expression: Expression, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const inner = (part: Expression) => constantText(part, depth + 1);
  switch (expression.kind) {
    case 'text':
      return expression.text.slice(0, MAX_TEXT);
    case 'number':
      return String(expression.value);
    case 'operation':
      return expression.operator === '~' || expression.operator === '+'
        ? joined(expression.parts.map(inner), '')
        : undefined;
    case 'filter': {
      const { of, name } = expression;
      const [argument] = expression.arguments;
      if (of === undefined) return undefined;
      if (name === 'join' && of.kind === 'collection') {
        return joined(of.parts.map(inner), argument === undefined ? '' : inner(argument.value));
      }
      const text = inner(of);
      if (name === 'reverse') return text === undefined ? undefined : [...text].reverse().join('');
      if (name === 'lower') return text?.toLowerCase();
      return ['string', 'trim', 'safe', 'e', 'escape'].includes(name) ? text : undefined;
    }
    default:
      return undefined;
  }
}

function joined(parts: readonly (string | undefined)[], between: string | undefined): string | undefined {
  if (between === undefined || !parts.every((part) => part !== undefined)) return undefined;
  const text = parts.join(between);
  return text.length > MAX_TEXT ? undefined : text;
}
