import { type DefaultTreeAdapterTypes, type ParserError, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
export type Element = DefaultTreeAdapterTypes.Element;

/** An HTML document as a browser parses it. */
export interface ParsedHtml {
  readonly errors: readonly string[];
  readonly elements: readonly Element[];
  readonly comments: readonly string[];
  /** All text but that of style sheets. */
  readonly text: string;
}

export function parseHtml(html: string): ParsedHtml {
  const errors: string[] = [];
  const elements: Element[] = [];
  const comments: string[] = [];
  const texts: string[] = [];
  const walk = (node: Node, hidden: boolean): void => {
    if ('tagName' in node) elements.push(node);
    if ('data' in node) comments.push(node.data);
    if ('value' in node && !hidden) texts.push(node.value);
    if ('childNodes' in node) for (const child of node.childNodes) walk(child, node.nodeName === 'style');
  };
  walk(
    parse(html, { onParseError: ({ code, startLine }: ParserError) => errors.push(`${code} in line ${startLine}`) }),
    false,
  );
  return { errors, elements, comments, text: texts.join('') };
}

/** The number of elements with each name and set of attributes. */
export function shape({ elements }: ParsedHtml): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { tagName, attrs } of elements) {
    const key = `${tagName} ${attrs.map(({ name }) => name).join(' ')}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((attr) => attr.name === name)?.value;
}

/** The elements of a name. */
export function all({ elements }: ParsedHtml, name: string): Element[] {
  return elements.filter(({ tagName }) => tagName === name);
}

/** The text within an element. */
export function textOf(element: Element): string {
  const parts: string[] = [];
  const walk = (node: Node): void => {
    if ('value' in node) parts.push(node.value);
    if ('childNodes' in node) for (const child of node.childNodes) walk(child);
  };
  walk(element);
  return parts.join('');
}
