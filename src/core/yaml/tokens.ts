/** One token of YAML, as PyYAML's scanner makes them. `at` is an offset in UTF-16 units. */
export type Token =
  | { readonly kind: Mark; readonly at: number }
  | { readonly kind: 'tag-directive'; readonly at: number; readonly handle: string; readonly prefix: string }
  | { readonly kind: 'alias' | 'anchor'; readonly at: number; readonly name: string }
  | { readonly kind: 'tag'; readonly at: number; readonly handle: string; readonly suffix: string }
  | { readonly kind: 'scalar'; readonly at: number; readonly text: string; readonly plain: boolean };

/** Tokens that have only a position. */
export type Mark =
  | 'stream-end'
  | 'document-start'
  | 'document-end'
  | 'block-sequence-start'
  | 'block-mapping-start'
  | 'block-end'
  | 'flow-sequence-start'
  | 'flow-mapping-start'
  | 'flow-sequence-end'
  | 'flow-mapping-end'
  | 'entry'
  | 'flow-entry'
  | 'key'
  | 'value';

/**
 * The YAML dialect. `pyyaml`: lines end at NEL, LS and PS, too, a tag may hold `,[]`, an anchor ends at `?:%@` and a backquote,
 * a plain scalar among braces ends before `? `, and one byte order mark opens the text (PyYAML, lib/yaml/scanner.py). `libyaml`: the same lines, but a comma ends a tag among braces, and a mark may open any line
 * (scanner.c). `yaml-1.2`: lines end at CR and LF alone, and `,[]{}` end a tag (YAML 1.2.2, 5.4, 6.9.1).
 */
export const YAML_DIALECTS = ['pyyaml', 'libyaml', 'yaml-1.2'] as const;
export type YamlDialect = (typeof YAML_DIALECTS)[number];

export interface YamlOptions {
  /** Collections within collections. */
  readonly maxDepth: number;
  readonly dialect: YamlDialect;
}
