import type { Node } from './ast.ts';

/** An expression as text that means the same: every operation in parentheses, `a + b + c` in one pair. */
export function expressionText(node: Node): string {
  switch (node.kind) {
    case 'const':
      return typeof node.value === 'string' ? JSON.stringify(node.value) : constantText(node.value);
    case 'ident':
      return node.name;
    case 'select':
      return `${ownerText(node.of)}.${node.field}`;
    case 'has':
      return `has(${ownerText(node.of)}.${node.field})`;
    case 'index':
      return `${ownerText(node.of)}[${expressionText(node.index)}]`;
    case 'call':
      return callText(node);
    case 'method': {
      const [target, ...args] = node.args;
      return `${target === undefined ? '' : ownerText(target)}.${node.name}(${args.map(expressionText).join(', ')})`;
    }
    case 'and':
    case 'or':
      return `(${node.terms.map(expressionText).join(node.kind === 'and' ? ' && ' : ' || ')})`;
    case 'if':
      return `(${expressionText(node.test)} ? ${expressionText(node.yes)} : ${expressionText(node.no)})`;
    case 'list':
      return `[${node.items.map(expressionText).join(', ')}]`;
    case 'map':
      return `{${node.entries.map(([key, value]) => `${expressionText(key)}: ${expressionText(value)}`).join(', ')}}`;
    case 'macro': {
      const parts = [
        node.variable,
        ...(node.test === undefined ? [] : [expressionText(node.test)]),
        expressionText(node.body),
      ];
      return `${ownerText(node.over)}.${node.name}(${parts.join(', ')})`;
    }
  }
}

/**
 * The owner of a field, an element or a method. A sign before a bare number would be the number's own: `-(1).a` is not `-1.a`.
 */
function ownerText(node: Node): string {
  const isNumber = node.kind === 'const' && (typeof node.value === 'bigint' || typeof node.value === 'number');
  const text = expressionText(node);
  return isNumber && !text.startsWith('(') ? `(${text})` : text;
}

function constantText(value: null | boolean | bigint | number): string {
  // Infinity, for which CEL has no literal.
  const text = String(value).replace('Infinity', '1e999');
  const exact = typeof value === 'number' && /^-?\d+$/.test(text) ? `${text}.0` : text;
  // Two minus signs in a row cancel out.
  return exact.startsWith('-') ? `(${exact})` : exact;
}

function callText({ name, args }: Extract<Node, { kind: 'call' }>): string {
  const texts = args.map(expressionText);
  const [left = '', right = ''] = texts;
  if (name === '!_' || name === '-_') return `(${shownName(name)}${left})`;
  if (!isOperator(name)) return `${name}(${texts.join(', ')})`;
  const [first] = args;
  const isChain = first?.kind === 'call' && first.name === name && args.length === 2;
  return `(${isChain ? left.slice(1, -1) : left} ${shownName(name)} ${right})`;
}

function isOperator(name: string): boolean {
  return /[^\w.]/.test(name);
}

/** `_+_` as people write it. */
export function shownName(name: string): string {
  return isOperator(name) ? name.replace(/[_@]/g, '') : name;
}
