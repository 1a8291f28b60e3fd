import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { type LineOf, lineIndex } from '../lines.ts';
import { type FoundReference, foreignTarget, hubTarget, type Target, unresolvedTarget } from '../reference.ts';
import { schemeTarget } from '../schemes.ts';
import { StaticEvaluator } from './evaluate.ts';
import { loaderOf } from './loader-of.ts';
import type { LoadingCall } from './loaders.ts';
import { PythonModule } from './module.ts';
import { NO_MODULES, PythonRepository } from './repository.ts';
import type { StaticValue } from './values.ts';

/** References of one text. */
const MAX_FOUND = 2_000;

/** Constants that name a model, by the words in their names. */
const MODEL_WORDS = /model|checkpoint|ckpt|repo_?id|pretrained|adapter|lora|weights|backbone|encoder|tokenizer/i;

/**
 * Finds what Python loads: calls of known loaders, with their arguments followed to constants, and texts of a scheme that only models
 * have. Nothing is run, and nothing in the text makes it throw.
 * @param path of the text in its repository, whose modules are `modules`
 */
export function findInPython(source: string, path = '', modules = NO_MODULES): readonly FoundReference[] {
  const tree = parser.parse(source);
  const module = new PythonModule(source, tree, path);
  const finder = new Finder(module, lineIndex(source), new PythonRepository(modules));
  tree.iterate({ enter: ({ node }) => finder.visit(node) });
  finder.constants();
  return finder.found;
}

interface Given {
  readonly positional: readonly SyntaxNode[];
  readonly named: ReadonlyMap<string, SyntaxNode>;
  /** `*args` or `**kwargs`: further arguments are not visible. */
  readonly open: boolean;
}

class Finder {
  readonly found: FoundReference[] = [];
  readonly #module: PythonModule;
  readonly #lineOf: LineOf;
  readonly #evaluator: StaticEvaluator;
  /** Texts that a loader was given, so that each is reported once. */
  readonly #seen = new Set<string>();

  constructor(module: PythonModule, lineOf: LineOf, repository: PythonRepository) {
    this.#module = module;
    this.#lineOf = lineOf;
    this.#evaluator = new StaticEvaluator(module, repository);
  }

  visit(node: SyntaxNode): void {
    if (node.name === 'CallExpression') {
      const loader = loaderOf(node, this.#module);
      if (loader !== undefined) this.#call(node, loader);
    } else if (node.name === 'String' && node.to - node.from < 1_024) this.#scheme(node);
  }

  /** `MODEL_ID = "owner/name"` is a reference also where it is used in another module. */
  constants(): void {
    for (const [name, bindings] of this.#module.globals()) {
      if (!MODEL_WORDS.test(name)) continue;
      for (const binding of bindings) {
        if (binding.kind !== 'value' || binding.node.name !== 'String') continue;
        const [value] = this.#evaluator.valuesOf(binding.node);
        if (value?.kind !== 'text' || this.#seen.has(value.text) || !/^[\w.-]+\/[\w.-]+$/.test(value.text)) continue;
        const target = hubTarget(value.text, null);
        if (target.kind === 'named') this.#add(binding.node, 'model', target, name, false, 'revision="{}"');
      }
    }
  }

  #call(node: SyntaxNode, loader: LoadingCall): void {
    const given = argumentsOf(node, this.#module);
    if (loader.when !== undefined) {
      const asked = given.named.get(loader.when) ?? given.positional[1];
      const values = asked === undefined ? [] : this.#evaluator.valuesOf(asked);
      if (values.every((value) => value.kind === 'truth' && !value.truth) && !(asked === undefined && given.open))
        return;
    }
    const name =
      loader.names.map((one) => given.named.get(one)).find((one) => one !== undefined) ??
      given.positional[this.#at(node, loader)];
    const role = loader.role ?? 'model';
    const trusts = loader.runsCode === true || this.#trusts(given);
    // A handle of TensorFlow Hub leads to a graph, a repository of GitHub to code.
    const runs = (target: Target) =>
      trusts && !(loader.source === 'github' && target.kind === 'named' && !target.reference.startsWith('github:'));
    const add = (target: Target) => this.#add(node, role, target, loader.called, runs(target), 'revision="{}"');
    if (name === undefined) {
      if (given.open) add(unresolvedTarget('its arguments are computed'));
      else if (loader.chooses !== undefined) add(unresolvedTarget(loader.chooses));
      return;
    }
    const revision = this.#revision(given);
    for (const value of distinct(this.#evaluator.valuesOf(name))) {
      if (value.kind === 'text') {
        this.#seen.add(value.text);
        if (loader.words?.test(value.text) === true) continue;
        const target = this.#isLocal(given, loader)
          ? ({ kind: 'local', path: value.text } as const)
          : targetOf(value.text, loader, revision.text);
        if (target !== undefined) add(target);
        if (target?.kind === 'named' && revision.computed) add(unresolvedTarget('its revision is computed'));
      } else if (value.kind === 'unknown') add(unresolvedTarget(`its name ${value.why}`));
      else if (value.kind === 'none' && loader.chooses !== undefined) add(unresolvedTarget(loader.chooses));
      else if (value.kind === 'table' || value.kind === 'list') add(unresolvedTarget('its name is a list'));
    }
  }

  /** PEFT is given the model first, and the name of the adapter after it. */
  #at(node: SyntaxNode, { called, at }: LoadingCall): number {
    const callee = node.firstChild === null ? '' : this.#module.textOf(node.firstChild);
    return called === 'from_pretrained' &&
      /^(?:\w+\.)*(?:Auto)?Peft(?:Model|MixedModel)\w*\./.test(callee) &&
      !/^(?:\w+\.)*AutoPeft/.test(callee)
      ? 1
      : at;
  }

  /** `torch.hub.load("vendor/x", "model", source="local")`. */
  #isLocal({ named }: Given, { local }: LoadingCall): boolean {
    const given = local === undefined ? undefined : named.get(local[0]);
    if (local === undefined || given === undefined) return false;
    return this.#evaluator.valuesOf(given).every((value) => value.kind === 'text' && value.text === local[1]);
  }

  #trusts({ named }: Given): boolean {
    const given = named.get('trust_remote_code');
    if (given === undefined) return false;
    return this.#evaluator
      .valuesOf(given)
      .some((value) => value.kind !== 'none' && !(value.kind === 'truth' && !value.truth));
  }

  #revision({ named }: Given): { readonly text: string | null; readonly computed: boolean } {
    const given = named.get('revision');
    if (given === undefined) return { text: null, computed: false };
    const values = this.#evaluator.valuesOf(given);
    const [only] = values;
    if (values.length === 1 && only?.kind === 'text') return { text: only.text, computed: false };
    return { text: null, computed: !values.every(({ kind }) => kind === 'none') };
  }

  /** `hf://...` and the like, with whatever call. */
  #scheme(node: SyntaxNode): void {
    const [value] = this.#evaluator.valuesOf(node);
    if (value?.kind !== 'text' || this.#seen.has(value.text)) return;
    const target = schemeTarget(value.text);
    if (target === undefined) return;
    this.#seen.add(value.text);
    this.#add(node, 'model', target, 'address', false, '@{}');
  }

  #add(
    node: SyntaxNode,
    role: FoundReference['role'],
    target: Target,
    via: string,
    trusts: boolean,
    pin: string,
  ): void {
    if (this.found.length >= MAX_FOUND) return;
    const last = this.found.length === MAX_FOUND - 1;
    const shown = last ? unresolvedTarget(`the file has more than ${MAX_FOUND} references`) : target;
    this.found.push({ line: this.#lineOf(node.from), role, target: shown, via, trustRemoteCode: trusts, pin });
  }
}

function targetOf(text: string, { source, role }: LoadingCall, revision: string | null): Target | undefined {
  const scheme = schemeTarget(text, revision);
  if (scheme !== undefined) return scheme;
  switch (source) {
    case 'hub':
      return hubTarget(text, revision, role);
    case 'dataset':
      return hubTarget(text, revision, 'dataset');
    case 'hub-path':
    case 'library':
      if (/[/\\]/.test(text)) return { kind: 'local', path: text };
      return unresolvedTarget(`${JSON.stringify(text.slice(0, 80))} is a name of the library's own`);
    case 'github': {
      if (/^(?:\.{0,2}\/|~)/.test(text)) return { kind: 'local', path: text };
      if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return foreignTarget(text);
      const [, repository, at] = /^([^:]+)(?::(.+))?$/.exec(text) ?? [];
      return repository === undefined
        ? undefined
        : foreignTarget(`github:${repository}`, at ?? null, /^[0-9a-f]{40}$/.test(at ?? ''));
    }
    case 'ollama':
      return foreignTarget(`ollama://${text}`);
    case 'address':
      return { kind: 'local', path: text };
  }
}

function argumentsOf(call: SyntaxNode, module: PythonModule): Given {
  const positional: SyntaxNode[] = [];
  const named = new Map<string, SyntaxNode>();
  let open = false;
  const list = call.getChild('ArgList');
  for (let child = list?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (/^[(),]$/.test(child.name) || child.name === 'Comment') continue;
    if (/^\*{1,2}$/.test(child.name)) {
      open = true;
      child = child.nextSibling;
      if (child === null) break;
      continue;
    }
    if (child.nextSibling?.name === 'AssignOp') {
      const value: SyntaxNode | null = child.nextSibling.nextSibling;
      if (value === null) break;
      named.set(module.textOf(child), value);
      child = value;
    } else positional.push(child);
  }
  return { positional, named, open };
}

function distinct(values: readonly StaticValue[]): readonly StaticValue[] {
  const seen = new Set<string>();
  let unknowns = 0;
  return values.filter((value) => {
    if (value.kind === 'unknown') return unknowns++ === 0;
    const key = value.kind === 'text' ? `text ${value.text}` : value.kind;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
