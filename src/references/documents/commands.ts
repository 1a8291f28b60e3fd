import { findInPython } from '../python/index.ts';
import { type FoundReference, foreignTarget, hubTarget, type Target } from '../reference.ts';
import { schemeTarget } from '../schemes.ts';

/** CWE-770: characters and commands of one script. */
const MAX_SCRIPT = 1024 * 1024;
const MAX_COMMANDS = 20_000;

interface Command {
  readonly words: readonly string[];
  /** Lines after the first one of the script. */
  readonly line: number;
}

const MODEL_FLAGS =
  /^--?(?:model|model[-_](?:id|name|path|name[-_]or[-_]path|repo)|pretrained[-_]model(?:[-_]name[-_]or[-_]path)?|base[-_]model|repo[-_]id|hf[-_]repo|hf[-_]model|tokenizer|draft[-_]model|speculative[-_]model|adapter|lora|m|hfr|hf)$/i;
const REVISION_FLAGS = /^--(?:model[-_])?revision$/;
/** Programs that are given the model without a flag, after a word. */
const SERVES: readonly (readonly [RegExp, string])[] = [
  [/^vllm$/, 'serve'],
  [/^(?:huggingface-cli|hf)$/, 'download'],
  [/^(?:transformers|transformers-cli)$/, 'download'],
  [/^optimum-cli$/, 'export'],
];

/** Finds what the commands of a script load: downloads, servers with their flags, addresses, and Python after `-c`. */
export function findInCommands(script: string, firstLine: number): FoundReference[] {
  if (script.length > MAX_SCRIPT) return [unread(firstLine, `is a script of more than ${MAX_SCRIPT} characters`)];
  const commands = commandsOf(script);
  if (commands.length > MAX_COMMANDS) return [unread(firstLine, `has more than ${MAX_COMMANDS} commands`)];
  return commands.flatMap(({ words, line }) => findInWords(words, firstLine + line));
}

function unread(line: number, why: string): FoundReference {
  return {
    line,
    role: 'model',
    target: { kind: 'unresolved', why },
    via: 'command',
    trustRemoteCode: false,
    pin: '--revision {}',
  };
}

/** What one command with its arguments loads. */
export function findInWords(words: readonly string[], line: number): FoundReference[] {
  const found: FoundReference[] = [];
  const revision = flagValue(words, REVISION_FLAGS) ?? null;
  const trustRemoteCode = words.some((word) => /^--trust[-_]remote[-_]code(?:=(?:true|1))?$/i.test(word));
  const add = (
    target: Target | undefined,
    via: string,
    pin = '--revision {}',
    role: FoundReference['role'] = 'model',
  ) => {
    if (target !== undefined && target.kind !== 'local') found.push({ line, role, target, via, trustRemoteCode, pin });
  };
  const used = new Set<number>();
  for (const [at, word] of words.entries()) {
    const equals = word.indexOf('=');
    const flag = equals > 0 && word.startsWith('-') ? word.slice(0, equals) : word;
    if (!MODEL_FLAGS.test(flag)) continue;
    const value = flag === word ? words[at + 1] : word.slice(equals + 1);
    if (value === undefined || (!/[/$:{]/.test(value) && !/^--?model/i.test(flag)) || value.startsWith('-')) continue;
    if (/^-m$/i.test(flag) && !/[/:]/.test(value)) continue;
    used.add(flag === word ? at + 1 : at);
    if (/[/$:{]/.test(value)) add(schemeTarget(value, revision) ?? hubTarget(value, revision), flag);
  }
  for (const [program, after] of SERVES) {
    const at = words.findIndex((word, index) => word === after && program.test(base(words[index - 1] ?? '')));
    const name =
      at < 0
        ? undefined
        : words.slice(at + 1).find((word, index) => !word.startsWith('-') && !isValue(words, at + 1 + index));
    if (name === undefined || used.has(words.indexOf(name))) continue;
    used.add(words.indexOf(name));
    const dataset = flagValue(words, /^--repo-type$/) === 'dataset';
    add(
      schemeTarget(name, revision) ?? hubTarget(name, revision, dataset ? 'dataset' : 'model'),
      `${base(words[at - 1] ?? '')} ${after}`,
      '--revision {}',
      dataset ? 'dataset' : 'model',
    );
  }
  const pull = words.findIndex(
    (word, index) => /^(?:pull|run)$/.test(word) && base(words[index - 1] ?? '') === 'ollama',
  );
  const pulled = pull < 0 ? undefined : words[pull + 1];
  if (pulled !== undefined) add(foreignTarget(`ollama://${pulled}`), 'ollama', '');
  for (const [at, word] of words.entries()) {
    if (used.has(at)) continue;
    const text = word.startsWith('-') || /^\w+=/.test(word) ? word.slice(word.indexOf('=') + 1) : word;
    const target = schemeTarget(text, revision);
    if (target !== undefined) add(target, 'address', '@{}');
    if (word === '-c' && /^python[\d.]*$/.test(base(words[at - 1] ?? ''))) {
      for (const one of findInPython(words[at + 1] ?? '')) found.push({ ...one, line });
    }
  }
  return found;
}

/** Whether a word is the value of the flag before it. */
function isValue(words: readonly string[], at: number): boolean {
  const before = words[at - 1] ?? '';
  return /^--(?:revision|repo-type|local-dir|cache-dir|token|include|exclude|port|host|task|framework|dtype)$/.test(
    before,
  );
}

function flagValue(words: readonly string[], flag: RegExp): string | undefined {
  for (const [at, word] of words.entries()) {
    const equals = word.indexOf('=');
    if (equals > 0 && flag.test(word.slice(0, equals))) return word.slice(equals + 1);
    if (flag.test(word)) return words[at + 1];
  }
  return undefined;
}

function base(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** Commands of a shell script, by its own rules for quotes, lines and operators; expansions of the shell stay as written. */
function commandsOf(script: string): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let line = 0;
  let started = 0;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) commands.push({ words, line: started });
    words = [];
  };
  for (let at = 0; at < script.length; at++) {
    const char = script[at] ?? '';
    if (words.length === 0 && word === undefined) started = line;
    if (char === '\n') {
      line++;
      endCommand();
    } else if (char === '\\') {
      const next = script[++at];
      if (next === '\n') {
        // The shell takes both characters away, also within a word.
        line++;
      } else word = (word ?? '') + (next ?? '');
    } else if (char === "'" || char === '"') {
      let end = script.indexOf(char, at + 1);
      while (char === '"' && end > 0 && script[end - 1] === '\\') end = script.indexOf(char, end + 1);
      if (end < 0) end = script.length;
      const text = script.slice(at + 1, end);
      line += text.split('\n').length - 1;
      word = (word ?? '') + text;
      at = end;
    } else if (char === '#' && word === undefined) {
      const end = script.indexOf('\n', at);
      at = (end < 0 ? script.length : end) - 1;
    } else if (/[;&|()]/.test(char)) endCommand();
    else if (/\s/.test(char)) endWord();
    else word = (word ?? '') + char;
  }
  endCommand();
  return commands;
}
