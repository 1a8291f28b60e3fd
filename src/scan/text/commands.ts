import { isAssayError } from '../../core/index.ts';
import { readYaml } from '../../core/yaml/index.ts';

/** What commands in a text would do, as far as their words say. */
export interface CommandFacts {
  /** Sentences without a point, each with its line. */
  readonly facts: readonly string[];
  /** Commands that decode a text of the file and run it. */
  readonly decoded: readonly { readonly line: number; readonly how: string }[];
}

const MAX_FACTS = 10;
/** CWE-1333: characters of a text, and of a line with those that continue it. What is longer is not looked at. */
const MAX_TEXT = 256 * 1024;
const MAX_LINE = 8_000;
const MAX_VARIABLES = 1_000;

const SHELL = String.raw`(?:sudo\s+(?:-\w+\s+)?)?(?:\/(?:usr\/)?bin\/)?(?:env\s+)?(?:(?:ba|z|da|k|a)?sh|python[\d.]*|perl|ruby|node|php)(?=[\s;&|)"'\x60]|$)`;
const DECODE = String.raw`(?:base(?:64|32)\s+(?:-\w*[dD]\w*|--decode)|openssl\s+(?:enc\s+)?-?base64\s+(?:-A\s+)?-d|xxd\s+-r(?:\s+-p)?|xxd\s+-p\s+-r|rev|tr\s+['"]?A-Z)`;
const TEXT = String.raw`[A-Za-z0-9+\/_-]{8,}={0,6}`;
/** A constant text, or a variable, that a command writes: `echo text |`, `<<< text`. */
const GIVEN = new RegExp(
  String.raw`(?:(?:echo|printf)\s+(?:-\w+\s+){0,3}(?:\\?["'](?:%s\\?["']\s+\\?["'])?)?(${TEXT}|\$\{?\w+\}?)\\?["']?\s*\||<<<\s*\\?["']?(${TEXT}|\$\{?\w+\}?))`,
  'g',
);
/** Text that is written in reverse or shifted holds blanks and marks. */
const SPOKEN = /(?:echo|printf)\s+(?:-\w+\s+){0,3}(?:"[^"$`]{8,500}"|'[^']{8,500}')\s*\|\s*(?:rev\b|tr\s+['"]?A-Z)/;
const ESCAPED =
  /(?:echo\s+-\w*e\w*|printf|echo)\s+(?:"|'|\$')(?:[^"'\\\n]{0,40}\\(?:x[0-9a-fA-F]{2}|[0-3][0-7]{2})){4}[^|\n]{0,1000}\|\s*/;
const DECODES = new RegExp(DECODE);
const INTO_SHELL = new RegExp(String.raw`\|\s*${SHELL}`);
const OUT_OF_SHELL = new RegExp(
  String.raw`(?:(?:\beval\b|${SHELL}\s+-c)\s+["']?\s*(?:\$\(|\x60)|(?:${SHELL}|\bsource|(?:^|[;&|\s])\.)\s+<\()`,
);
/** All of them in one command. */
const PYTHON = [
  /\bpython[\d.]*\s+(?:-\w+\s+){0,5}-c\s/i,
  /\b(?:exec|eval|system|popen|run)\(/i,
  new RegExp(String.raw`(?:b64decode|b32decode|fromhex|unhexlify|decompress)\(.{0,40}${TEXT}`, 'i'),
];
const ASSIGNED = new RegExp(
  String.raw`\b([A-Za-z_]\w{0,60})(?:=|\s*:\s+|\s+)\\?["']?(${TEXT})\\?["']?(?=[\s;&]|$)`,
  'g',
);

/** What is told of a line: facts that ordinary builds have as well. */
const FACTS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`\b(?:curl|wget|fetch|aria2c)\b[^|\n]{0,300}\|\s*${SHELL}`), 'downloads a script and runs it'],
  [
    new RegExp(
      String.raw`(?:\beval\b|${SHELL}\s+-c|\bsource|(?:^|\s)\.|${SHELL})\s+["']?(?:\$|<)?(?:\(|\x60)\s*(?:curl|wget)\b`,
    ),
    'downloads a script and runs it',
  ],
  [
    /\b(?:curl|wget)\b[^&\n]{0,300}&&[^&\n]{0,200}(?:chmod\s+\S*[+x7]|\bsh\s|\bbash\s|\.\/)/,
    'downloads a file and runs it',
  ],
  [/^\s*ADD\s+(?:--\S+\s+)*["[]?\s*["']?(?:https?|ftp|git@|git):?/i, 'adds a file of the web'],
  [
    /\bpip3?\s+install\b.{0,300}(?:git\+|https?:|--(?:extra-)?index-url|--trusted-host|-i\s)/,
    'installs a package from an address',
  ],
  [/^\s*(?:-\s+)?uses:\s*["']?[\w.-]+\/[\w./-]+@(?![0-9a-f]{40}\b)/, 'uses an action that is not pinned to a commit'],
  [/^\s*(?:-\s+)?pull_request_target\b/, 'runs for pull requests with the rights of the repository'],
  [
    /\$\{\{\s*github\.event\.(?:issue|pull_request|comment|review|head_commit)\.[\w.]*(?:title|body|ref|message|name|label)/,
    'puts text of anybody into a command',
  ],
  [/\$\{\{\s*secrets\./, 'uses secrets'],
  [/^\s*FROM\s+(?!scratch\b)(?!\S+@sha256:)\S+/i, 'builds on an image that is not pinned to a digest'],
  [/--privileged\b|\/var\/run\/docker\.sock|\bsudo\b.{0,200}\bvisudo\b/, 'takes the rights of the host'],
  [/\bcrontab\b|\/etc\/cron|\.bashrc|\.ssh\/authorized_keys|systemctl\s+enable/, 'leaves something that runs later'],
];

/**
 * Reads commands of a shell script, a Dockerfile, a workflow and their like by their words. Nothing that it does not find is
 * harmless.
 */
export function commandFacts(text: string, kind: string): CommandFacts {
  if (text.length > MAX_TEXT) return { facts: [`it is longer than ${MAX_TEXT} characters`], decoded: [] };
  const facts = new Map<string, string>();
  const decoded: { line: number; how: string }[] = [];
  const lines = [...logicalLines(text)];
  const written =
    kind === 'yaml' ? scalarsOf(text).flatMap((one) => [...logicalLines(one)].map(({ line }) => line)) : [];
  const known = variablesOf([...lines.map(({ line }) => line), ...written]);
  for (const { line, number } of [...lines, ...written.map((line) => ({ line, number: 0 }))]) {
    const how = decodedRun(line, known);
    if (how !== undefined && !decoded.some((one) => one.how === how)) decoded.push({ line: number, how });
    for (const [pattern, fact] of FACTS) {
      if (number > 0 && facts.size < MAX_FACTS && !facts.has(fact) && pattern.test(line))
        facts.set(fact, `line ${number} ${fact}`);
    }
  }
  return { facts: [...facts.values()], decoded: decoded.slice(0, MAX_FACTS) };
}

/** How a line runs a text of the file that it decodes. */
function decodedRun(line: string, known: ReadonlyMap<string, string>): string | undefined {
  const runs = INTO_SHELL.test(line) || OUT_OF_SHELL.test(line);
  if (runs && SPOKEN.test(line)) return 'text that is turned around or shifted';
  if (ESCAPED.test(line) && INTO_SHELL.test(line)) return 'text in escapes';
  if (PYTHON.every((one) => one.test(line))) return 'text that Python decodes';
  if (!runs || !DECODES.test(line)) return undefined;
  for (const [, piped, here] of line.matchAll(GIVEN)) {
    const given = piped ?? here ?? '';
    const value = given.startsWith('$') ? known.get(given.replace(/[${}]/g, '')) : given;
    if (value !== undefined) return `the text ${JSON.stringify(value.slice(0, 40))}`;
  }
  return undefined;
}

function variablesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const line of lines) {
    for (const [, name = '', value = ''] of line.matchAll(ASSIGNED)) {
      if (known.size >= MAX_VARIABLES) return known;
      known.set(name, value);
    }
  }
  return known;
}

/** Lines with those that continue them; comments are left out. */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  const mark = /^#\s*escape\s*=\s*`/im.test(text.slice(0, 1_000)) ? '`' : '\\';
  let joined = '';
  let start = 1;
  for (const [at, line] of text.split(/\r\n|[\n\r]/).entries()) {
    if (joined === '') start = at + 1;
    if (/^\s*#/.test(line)) continue;
    const continues = line.trimEnd().endsWith(mark) || /\|\s*$/.test(line);
    joined += ` ${line.trimEnd().endsWith(mark) ? line.trimEnd().slice(0, -1) : line}`;
    if (continues && joined.length < MAX_LINE) continue;
    yield { line: joined.slice(0, MAX_LINE), number: start };
    joined = '';
  }
  if (joined !== '') yield { line: joined.slice(0, MAX_LINE), number: start };
}

/** Values of YAML, whose escapes hide letters. */
function scalarsOf(text: string): readonly string[] {
  const found: string[] = [];
  try {
    readYaml(text, { scalar: (one) => found.push(one) }, { maxDepth: 200, dialect: 'pyyaml' });
  } catch (error) {
    if (!isAssayError(error)) throw error;
  }
  return found;
}
