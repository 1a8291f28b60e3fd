import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';

/** GitHub-flavoured Markdown as HTML, with raw markup kept: what a viewer without a sanitizer shows. */
export function toHtml(markdown: string): string {
  return micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

export interface Rendered {
  /** Names of all elements. */
  readonly elements: ReadonlySet<string>;
  /** Names of all attributes. */
  readonly attributes: ReadonlySet<string>;
  /** Text of each code span. */
  readonly code: readonly string[];
  /** All other text, in which GitHub finds URLs, mentions, issue numbers and emoji. */
  readonly text: string;
  /** Comments and other nodes without text. */
  readonly others: number;
}

/** Markdown as a browser shows it. */
export function rendered(markdown: string): Rendered {
  const elements = new Set<string>();
  const attributes = new Set<string>();
  const code: string[] = [];
  let text = '';
  let others = 0;
  const visit = (node: DefaultTreeAdapterTypes.ChildNode, inCode: boolean): void => {
    if (node.nodeName === '#text' && 'value' in node) {
      if (inCode) code.push(node.value);
      else text += node.value;
    } else if ('tagName' in node) {
      elements.add(node.tagName);
      for (const { name } of node.attrs) attributes.add(name);
      for (const child of node.childNodes) visit(child, inCode || node.tagName === 'code');
    } else others++;
  };
  for (const node of parseFragment(toHtml(markdown)).childNodes) visit(node, false);
  return { elements, attributes, code, text, others };
}
