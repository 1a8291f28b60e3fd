import { parseDocument } from 'yaml';
import { assertShallowYaml } from '../core/yaml/index.ts';

/** YAML within a field. A parse takes up to 14 microseconds for each character (measured), and a request waits for it. */
const MAX_YAML = 32 * 1024;

export type YamlText =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unread'; readonly why: string };

/** Parses YAML that stands in a field of an object. Aliases are not followed. */
export function parseYamlText(text: string): YamlText {
  if (text.length > MAX_YAML) return { kind: 'unread', why: `is YAML of more than ${MAX_YAML} characters` };
  try {
    assertShallowYaml(text);
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    if (document.errors.length > 0) return { kind: 'unread', why: 'is not YAML' };
    return { kind: 'value', value: document.toJS({ maxAliasCount: 0 }) };
  } catch {
    // Aliases, and nesting beyond the stack.
    return { kind: 'unread', why: 'is YAML with aliases, or nested too deep' };
  }
}
