import { CLASS_METHODS, isScriptClass, listedScriptClass } from '../classes.ts';
import { judgeTorchOperator, type TorchJudgement } from '../operators.ts';
import { readTokens } from './tokens.ts';

/** Something that code uses and that is not on the list. */
export interface ScriptUse {
  /** As it is shown and told apart: `torch.save`. */
  readonly what: string;
  readonly line: number;
  /** What it does, where that is known. */
  readonly does: string | undefined;
  readonly malicious: boolean;
}

/** What a file of code uses. */
export interface ScriptUses {
  readonly uses: readonly ScriptUse[];
  /** Methods that are called and are not operators: a class of the archive defines them, or nothing does. */
  readonly methods: ReadonlyMap<string, number>;
  /** Functions and methods that the file defines. */
  readonly defined: ReadonlySet<string>;
  /** How far it could be read. */
  readonly end: number;
}

/** More of a file are not kept. */
const MAX_USES = 20;
const MAX_NAMES = 100_000;
/** Functions that the compiler knows without a namespace (torch/csrc/jit/frontend/ir_emitter.cpp, import_source.cpp). */
const BUILTINS: ReadonlySet<string> = new Set(
  `abs all annotate any awaitable awaitable_wait bin bool chr complex dict divmod enumerate float fork getattr hasattr hash hex id
  int isinstance iter len list max min oct ord pow print range rangelist reversed round set sorted str sum super tuple type
  unchecked_cast uninitialized zip`.split(/\s+/),
);
const KEYWORDS: ReadonlySet<string> = new Set(
  `and as assert await break continue del elif else except False finally for from global if import in is lambda None nonlocal not or
  pass raise return True try while with yield`.split(/\s+/),
);
/** Python's functions that TorchScript does not have. */
const PYTHON_ONLY: ReadonlySet<string> = new Set(
  'exec eval compile open __import__ globals locals vars setattr delattr input breakpoint'.split(' '),
);
/** Their first argument is not named `self`, so that the compiler never finds them as methods (sugared_value.cpp, tryCreate). */
const NO_METHODS: ReadonlySet<string> = new Set(['save', 'from_file']);

/**
 * Finds what source of TorchScript uses that is not an operator of the list. All that it can call begins with `torch` or `ops`, which
 * lead to operators, with `__torch__`, which leads to the archive's code and to classes in C++, or is a method of a value.
 */
export function readUses(text: string): ScriptUses {
  const reader = new UseReader();
  const end = readTokens(text, reader);
  return { ...reader.finish(), end };
}

const ESCAPED = { kind: 'refused', does: 'hides the name of what it reaches behind escapes', malicious: true } as const;

class UseReader {
  readonly #uses = new Map<string, ScriptUse>();
  readonly #methods = new Map<string, number>();
  readonly #defined = new Set<string>();
  /** Names that stand alone and are not called, and those that are called. */
  readonly #values = new Set<string>();
  readonly #called = new Map<string, number>();
  /** Where `torch`, `ops` or a namespace is a value, through which any name may be an operator. */
  #aliased = false;
  /** Names that are operators only then. */
  readonly #behindAlias = new Map<string, number>();
  readonly #brackets: { readonly attribute: boolean; name: string }[] = [];
  #path: string[] = [];
  /** The path begins with a name, not behind a value. */
  #rooted = true;
  #afterDot = false;
  #afterDefinition: 'def' | 'class' | undefined;
  #import: string | undefined;
  #line = 1;

  word(word: string): void {
    if (this.#afterDot) {
      this.#path.push(word);
      this.#afterDot = false;
      return;
    }
    this.#endPath('');
    if (word === 'import' || word === 'from') this.#import = word;
    else if (word === 'def' || word === 'class') this.#afterDefinition = word;
    else if (this.#afterDefinition !== undefined) {
      if (this.#defined.size < MAX_NAMES) this.#defined.add(word);
      this.#afterDefinition = undefined;
    } else {
      this.#path = [word];
      this.#rooted = true;
    }
  }

  sign(sign: string): void {
    if (sign === '.') {
      if (this.#path.length === 0) this.#rooted = false;
      this.#afterDot = true;
      return;
    }
    const isGetattr = this.#path.length === 1 && this.#path[0] === 'getattr';
    this.#endPath(sign);
    this.#afterDot = false;
    if ('([{'.includes(sign)) this.#brackets.push({ attribute: sign === '(' && isGetattr, name: '' });
    else if (')]}'.includes(sign)) this.#close();
    else if (sign === '\n' || sign === ';') {
      this.#import = undefined;
      if (sign === '\n') this.#line++;
    }
  }

  /** Neighbouring literals are one text. */
  literal(text: string, lines: number): void {
    this.#endPath('');
    this.#rooted = false;
    const bracket = this.#brackets[this.#brackets.length - 1];
    if (bracket?.attribute === true) bracket.name += text;
    this.#line += lines;
  }

  finish(): Omit<ScriptUses, 'end'> {
    this.#endPath('');
    if (this.#aliased)
      for (const [name, line] of this.#behindAlias) this.#use(`.${name}`, judgeTorchOperator('aten', name), line);
    for (const [name, line] of this.#called) {
      const known = BUILTINS.has(name) || this.#values.has(name) || /(?:Error|Exception)$/.test(name);
      if (PYTHON_ONLY.has(name) || !known) this.#use(name, { kind: 'unlisted' }, line);
    }
    return { uses: [...this.#uses.values()], methods: this.#methods, defined: this.#defined };
  }

  #close(): void {
    const bracket = this.#brackets.pop();
    if (bracket?.attribute !== true || bracket.name === '') return;
    // The compiler knows few escapes, and PyTorch writes none there.
    if (bracket.name.includes('\\')) this.#use(`getattr "${bracket.name}"`, ESCAPED);
    else this.#attribute(bracket.name, false);
  }

  /** @param next the sign behind the path */
  #endPath(next: string): void {
    const path = this.#path;
    const [root = ''] = path;
    if (path.length === 0) return;
    this.#path = [];
    if (this.#import !== undefined) {
      if (root !== '__torch__' && !(root === 'torch' && path.length === 1))
        this.#use(`${this.#import} ${path.join('.')}`, { kind: 'unlisted' });
    } else if (!this.#rooted) this.#attributes(path, next);
    else if (root === 'torch' || root === 'ops') this.#operator(path, next);
    else if (root === '__torch__') this.#class(path);
    else if (path.length > 1) this.#attributes(path.slice(1), next);
    else this.#name(root, next);
  }

  #operator(path: readonly string[], next: string): void {
    const [root, ...rest] = path;
    // An attribute of a class may have such a name, and cannot be assigned to.
    if (rest.length === 0 && next === ':') return;
    const shown = path.join('.');
    if (root === 'ops' || rest[0] === 'ops') {
      const [namespace, name] = root === 'ops' ? rest : rest.slice(1);
      if (namespace === undefined || name === undefined) this.#alias(shown);
      else this.#use(shown, judgeTorchOperator(namespace, name));
    } else if (rest[0] === 'classes') {
      if (!listedScriptClass(rest.slice(1).join('.'))) this.#use(shown, { kind: 'unlisted' });
    } else {
      const name = rest[0] === 'autograd' ? rest[1] : rest[0];
      if (name === undefined) this.#alias(shown);
      else this.#use(shown, judgeTorchOperator('aten', name));
    }
  }

  #alias(path: string): void {
    this.#aliased = true;
    this.#use(path.includes('.') ? path : `${path} as a value`, { kind: 'unlisted' });
  }

  #class(path: readonly string[]): void {
    const isClass = isScriptClass(path.slice(0, 3).join('.'));
    if (path.length > 1 && !isClass) return;
    if (!listedScriptClass(path.slice(0, 5).join('.'))) this.#use(path.join('.'), { kind: 'unlisted' });
  }

  #attributes(names: readonly string[], next: string): void {
    for (const [i, name] of names.entries()) this.#attribute(name, next === '(' && i === names.length - 1);
  }

  /** An attribute of a value: a field, a method of a class, or an operator that takes the value as `self`. */
  #attribute(name: string, called: boolean): void {
    if (NO_METHODS.has(name)) this.#behindAlias.set(name, this.#line);
    if (NO_METHODS.has(name) && !called) return;
    const judgement = judgeTorchOperator('aten', name);
    if (judgement.kind === 'refused' && !NO_METHODS.has(name)) this.#use(`.${name}`, judgement);
    else if (judgement.kind !== 'allowed' && called && !this.#isKnownMethod(name)) this.#methods.set(name, this.#line);
  }

  #isKnownMethod(name: string): boolean {
    if (CLASS_METHODS.has(name) || judgeTorchOperator('prim', name).kind === 'allowed') return true;
    return this.#methods.has(name) || this.#methods.size >= MAX_NAMES;
  }

  #name(name: string, next: string): void {
    if (KEYWORDS.has(name)) return;
    if (next !== '(') {
      if (this.#values.size < MAX_NAMES) this.#values.add(name);
    } else if (!this.#called.has(name) && this.#called.size < MAX_NAMES) this.#called.set(name, this.#line);
  }

  #use(path: string, judgement: TorchJudgement, line = this.#line): void {
    if (judgement.kind === 'allowed') return;
    const malicious = judgement.kind === 'refused' && judgement.malicious;
    const what = path.slice(0, 200);
    // What is dangerous is never left out.
    if (this.#uses.has(what) || (this.#uses.size >= MAX_USES && !malicious)) return;
    this.#uses.set(what, { what, line, malicious, does: judgement.kind === 'refused' ? judgement.does : undefined });
  }
}
