import type { Interest } from './interest.ts';

/** What makes a kind of text interesting whatever it holds. */
const WHOLE_KIND: Readonly<Record<string, Interest>> = {
  python: 'format.source-code.scan',
  javascript: 'format.source-code.scan',
  shell: 'format.source-code.scan',
  'source-code': 'format.source-code.scan',
};

interface Pattern {
  readonly interest: Interest;
  readonly pattern: RegExp;
  readonly kinds: ReadonlySet<string>;
}

const SETTINGS = new Set(['yaml', 'text', 'json', 'jsonl', 'settings']);
const MARKUP = new Set(['html', 'svg', 'xml']);
const ALL_BUT_JSON = new Set(['text', 'markdown', 'csv', 'settings', 'lightgbm']);
const PLAIN = new Set(['text', 'yaml', 'settings']);

/** Each is linear: no two of its parts can match the same characters. None spans more than `OVERLAP`. */
const PATTERNS: readonly Pattern[] = [
  {
    interest: 'format.yaml-tags.scan',
    kinds: ALL_BUT_JSON,
    pattern: /!!python\/|!<tag:yaml|tag:yaml\.org,2002:python|^%TAG /m,
  },
  { interest: 'format.hydra-config.scan', kinds: SETTINGS, pattern: /\b_target_["']?\s{0,40}:/ },
  { interest: 'format.hub-config.scan', kinds: SETTINGS, pattern: /\b(?:auto_map|custom_pipelines?)["']?\s{0,40}:/ },
  {
    interest: 'format.hub-config.scan',
    kinds: SETTINGS,
    pattern: /\btrust_remote_code["']?\s{0,40}:\s{0,40}["']?(?:[Tt]rue|TRUE|[Yy]es|[Oo]n|1)\b/,
  },
  { interest: 'format.mlflow.scan', kinds: SETTINGS, pattern: /\bloader_module["']?\s{0,40}:/ },
  { interest: 'format.keras-config.scan', kinds: SETTINGS, pattern: /"(?:class_name|registered_name)"\s{0,40}:/ },
  {
    interest: 'format.requirements.scan',
    kinds: PLAIN,
    pattern: /^(?:--(?:extra-)?index-url|--find-links|-[ief] ?\S|[\w.[\]-]{1,100} ?@ ?(?:https?|git\+|file):)/m,
  },
  {
    interest: 'format.lightgbm.scan',
    kinds: new Set(['text', 'markdown', 'csv', 'settings', 'yaml']),
    pattern: /^Tree=\d{1,9}\r?\n\w{1,40}=/m,
  },
  {
    interest: 'format.xml-entities.scan',
    kinds: MARKUP,
    pattern: /<!ENTITY|<!DOCTYPE(?!\s+(?:html|svg)\b)|<\?xml-stylesheet|http:\/\/www\.w3\.org\/2001\/XInclude/i,
  },
  // A parser finds the element however much stands before it.
  {
    interest: 'format.pmml.scan',
    kinds: new Set(['xml', 'html', 'svg', 'text', 'markdown', 'csv']),
    pattern: /<(?:\w{1,40}:)?PMML\b[^>]{0,100}\sversion\s{0,4}=/,
  },
  {
    // Behind a comment that is longer than the head of a file.
    interest: 'format.openvino.scan',
    kinds: new Set(['xml', 'html', 'svg', 'text', 'markdown']),
    pattern: /<net\s[^<]{0,120}\bversion\s{0,8}=/,
  },
  {
    interest: 'format.markup-script.scan',
    kinds: new Set(['html', 'svg', 'xml']),
    pattern:
      /<(?:\w{1,20}:)?(?:script|iframe|object|embed|foreignObject|handler|base)\b|\bon[a-z]{3,20}\s{0,20}=|javascript:|http-equiv\s{0,20}=\s{0,20}["']?refresh/i,
  },
];

/** Characters of one chunk to look at again with the next: longer than any match. */
export const OVERLAP = 256;

const REQUIREMENTS =
  /^(?:requirements[\w.-]*\.txt|(?:conda|environment|python_env)\.ya?ml|pipfile(?:\.lock)?|pyproject\.toml|setup\.cfg|poetry\.lock|uv\.lock|package\.json)$/i;

/** What the kind of text and the file's name alone say. */
export function interestsOfKind(kind: string, name: string): Interest[] {
  const whole = WHOLE_KIND[kind];
  const interests: Interest[] = whole === undefined ? [] : [whole];
  if (REQUIREMENTS.test(name)) interests.push('format.requirements.scan');
  return interests;
}

/** Adds to `found` what stands in `text`; what was found once is not looked for again. */
export function findInterests(text: string, kind: string, found: Set<Interest>): void {
  for (const { interest, pattern, kinds } of PATTERNS) {
    if (kinds.has(kind) && !found.has(interest) && pattern.test(text)) found.add(interest);
  }
}
