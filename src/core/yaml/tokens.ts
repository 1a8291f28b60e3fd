/** One token of YAML, as PyYAML's scanner makes them. `at` is an offset in UTF-16 units. */
export type Token =
  | { readonly kind: Mark; readonly at: number }
  | { readonly kind: 'tag-directive'; readonly at: number; readonly handle: string; readonly prefix: string }
  | { readonly kind: 'alias' | 'anchor'; readonly at: number; readonly name: string }
  | { readonly kind: 'tag'; readonly at: number; readonly handle: string; readonly suffix: string }
  | { readonly kind: 'scalar'; readonly at: number; readonly text: string; readonly plain: boolean };

/** Tokens that are nothing but their place. */
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

export interface YamlOptions {
  /** Collections within collections. */
  readonly maxDepth: number;
  /** YAML 1.1 ends lines at NEL, LS and PS, too; YAML 1.2 does not. */
  readonly unicodeBreaks: boolean;
}
