import { cut } from '../../core/index.ts';
import type { ArmingFact, ReachingCall, Rule } from '../scanner/index.ts';
import { type FileByName, filesByName, isMoreThanInstalling, ruleByKind } from './by-name.ts';
import { armingsOf, type CodeFile, CodeMap, type CodePlace, codePlace, rootOf } from './places.ts';
import { APPROVED_CODE, ARMED_CALL, ASKED_TRUST, FOREIGN_CODE, OWN_CODE, PACKAGE_CODE } from './rules.ts';
import { shardFaults } from './shards.ts';

/** An organisation's approval of the code in exactly these bytes. */
export interface CodeApproval {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO date; void from the day after. */
  readonly expires: string;
}

/** What the code of an artifact as a whole makes of one of its files. */
export interface CodeJudgement {
  readonly file: string;
  readonly verdict: 'malicious' | 'suspicious' | 'none';
  /** Why, for the file's own reasons; `undefined` where the finding says it. */
  readonly reason: string | undefined;
  readonly finding:
    | {
        readonly rule: Rule;
        readonly member: string | undefined;
        readonly message: string;
        readonly subject: string;
        readonly line?: number;
        readonly evidence?: string;
      }
    | undefined;
}

export interface Repository {
  /** The name that a loader call gives the artifact. */
  readonly ref: string;
  readonly files: readonly CodeFile[];
  readonly approvals: readonly CodeApproval[];
}

/** CWE-770: files that one configuration leads to, and findings of an artifact. */
const MAX_REACHED = 500;
const MAX_JUDGEMENTS = 500;

/**
 * Judges what only shows across files: which code of the artifact a configuration, or its name, makes a program run, and what that code
 * reaches.
 */
export function judgeRepository(repository: Repository): readonly CodeJudgement[] {
  return new RepositoryJudge(repository).judge();
}

/** A file that is run, and the calls that this makes. */
interface ReachedCode {
  readonly at: CodePlace;
  readonly calls: readonly ReachingCall[];
}

class RepositoryJudge {
  readonly #map: CodeMap;
  readonly #repository: Repository;
  readonly #digests: ReadonlyMap<string, string | null>;
  readonly #judgements = new Map<string, CodeJudgement>();
  readonly #reached = new Map<string, readonly ReachedCode[]>();
  readonly #marked = new Map<string, readonly ReachedCode[]>();
  readonly #callsOfNames = new Map<string, readonly ReachingCall[]>();

  constructor(repository: Repository) {
    this.#repository = repository;
    this.#map = new CodeMap(repository.files);
    this.#digests = new Map(repository.files.map(({ path, sha256 }) => [path, sha256]));
  }

  judge(): readonly CodeJudgement[] {
    const armings = armingsOf(this.#repository.files);
    const naming = new Set<string>();
    for (const { at, fact } of armings) {
      if (fact.kind === 'arming' && this.#arm(at, fact)) naming.add(at.key);
    }
    for (const { at, fact } of armings) {
      if (fact.kind === 'trust' && !naming.has(at.key))
        this.#say(
          at,
          ASKED_TRUST,
          'Asks loaders to trust code of the repository (trust_remote_code).',
          'trust_remote_code',
          {
            evidence: 'trust_remote_code',
          },
        );
    }
    for (const named of filesByName(this.#map.python)) this.#named(named);
    for (const { file, rule, message, subject } of shardFaults(this.#repository.files))
      this.#say(codePlace(file, undefined), rule, message, subject, {});
    // No verdict is lost where there are too many: the gravest come first.
    const rank = ({ verdict }: CodeJudgement) => ['malicious', 'suspicious', 'none'].indexOf(verdict);
    return [...this.#judgements.values()].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_JUDGEMENTS);
  }

  /** @returns whether it names code at all */
  #arm(at: CodePlace, { code, by, call, text }: ArmingFact): boolean {
    const run = this.#call(call, at);
    const root = rootOf(at.key);
    switch (code.kind) {
      case 'foreign': {
        if (code.repository === this.#own()) {
          return this.#arm(at, {
            kind: 'arming',
            by,
            call,
            text,
            code: { kind: 'module', path: code.module, name: null, ifPresent: false },
          });
        }
        const message = `Names code of the repository ${cut(code.repository, 200)} (${by}), which ${run} downloads and runs.`;
        this.#say(at, FOREIGN_CODE, message, `${code.repository}--${code.module}`, { evidence: text });
        return true;
      }
      case 'module': {
        const place =
          this.#map.module(`${root}${code.path}`) ?? this.#map.module(`${root}${code.path.split('/').at(-1) ?? ''}`);
        if (place === undefined) {
          if (code.ifPresent) return false;
          const message = `Names ${cut(code.path, 200)}.py (${by}), which is not in this artifact, as code that ${run} runs.`;
          this.#say(at, OWN_CODE, message, code.path, { evidence: text });
        } else this.#armed(at, place, code.name, { by, run, text, subject: code.path });
        return true;
      }
      case 'folder': {
        for (const place of this.#map.below(`${root}${code.path}`))
          this.#armed(at, place, null, { by, run, text, subject: `${code.path}:${place.key}` });
        return true;
      }
      case 'package': {
        if (code.module === '' || this.#isHere(root, code.module, by, at)) return false;
        const message = `Names the module ${cut(code.module, 200)} (${by}), which is neither in this artifact nor of the library, for ${run} to import.`;
        this.#say(at, PACKAGE_CODE, message, `${by}:${code.module}`, { evidence: text });
        return true;
      }
    }
  }

  #isHere(root: string, module: string, part: string, at: CodePlace): boolean {
    const path = module.replaceAll('.', '/');
    const folder = at.key.slice(0, at.key.lastIndexOf('/') + 1) || root;
    return [`${root}${path}`, `${folder}${path}`, `${folder}${part}/${path}`, `${root}code/${path}`].some(
      (key) => this.#map.module(key) !== undefined,
    );
  }

  /** A configuration makes a loader run a file of the artifact, and what that imports. */
  #armed(
    at: CodePlace,
    place: CodePlace,
    name: string | null,
    how: { by: string; run: string; text: string; subject: string },
  ): void {
    const { by, run, text, subject } = how;
    const reached = this.#reach(place, name);
    const approvals = reached.map(({ at: one }) => this.#approval(one.file));
    const approval = approvals.every((one) => one !== undefined) ? approvals[0] : undefined;
    const where = `${shown(place)}`;
    if (approval !== undefined) {
      const message = `Names ${where} (${by}) as code that ${run} runs; ${approval.owner} approved its digest until ${approval.expires}.`;
      this.#say(at, APPROVED_CODE, message, subject, { evidence: text });
      for (const { at: one } of reached)
        this.#mark(
          one.file,
          'none',
          `${shown(one)}: approved by ${approval.owner} until ${approval.expires}: ${approval.reason}`,
        );
      return;
    }
    this.#say(at, OWN_CODE, `Names ${where} (${by}) as code that ${run} runs.`, subject, { evidence: text });
    // Names that lead to the same files say the same of them.
    if (this.#marked.get(`${at.key}\n${by}\n${run}`) === reached) return;
    this.#marked.set(`${at.key}\n${by}\n${run}`, reached);
    for (const { at: one, calls } of reached) {
      const gap = this.#map.facts(one.key)?.gap;
      const unread =
        this.#map.facts(one.key) === undefined
          ? '; it was not read as Python'
          : gap === null || gap === undefined
            ? ''
            : `; not fully understood: ${gap}`;
      this.#mark(
        one.file,
        'suspicious',
        `${shown(one)}: ${at.member ?? at.file} (${by}) makes a loader run it${unread}`,
      );
      this.#calls(one, calls, `${at.member ?? at.file} (${by}) makes ${run} run this file`);
    }
  }

  #calls(place: CodePlace, calls: readonly ReachingCall[], why: string): void {
    for (const one of calls) {
      if (one.grade === 'notable') continue;
      const message = `${callSentence(one)}; ${why}.`;
      this.#say(place, ARMED_CALL, message, `${one.kind}:${one.name}`, { line: one.line, evidence: one.name });
    }
  }

  #named({ place, kind, by, call, name }: FileByName): void {
    const run = this.#call(call, place);
    if (kind === 'loads') {
      this.#armed(place, place, name, { by, run, text: by, subject: place.key });
      return;
    }
    const calls = this.#reach(place, null, kind === 'install').flatMap((one) => one.calls);
    const rule = ruleByKind(kind);
    if (kind === 'install') {
      const first = calls.filter(isMoreThanInstalling)[0];
      if (first === undefined) return;
      this.#say(place, rule, `${callSentence(first)}; ${run} runs this file.`, `${first.kind}:${first.name}`, {
        line: first.line,
        evidence: first.name,
      });
      return;
    }
    this.#say(place, rule, `${by} is run by ${run}.`, by, {});
    this.#calls(
      place,
      calls.filter(({ owner }) => owner === null),
      `${run} runs this file`,
    );
  }

  /** A file, what it imports of the artifact, and the calls of each that loading makes. */
  #reach(from: CodePlace, wanted: string | null, asMain = false): readonly ReachedCode[] {
    // A name that is not a function or a class may be anything in the file.
    const name = wanted !== null && this.#map.facts(from.key)?.defines.includes(wanted) === true ? wanted : null;
    const key = `${asMain}\n${name}\n${from.key}`;
    const known = this.#reached.get(key) ?? this.#follow(from, name, asMain);
    this.#reached.set(key, known);
    return known;
  }

  #follow(from: CodePlace, name: string | null, asMain: boolean): readonly ReachedCode[] {
    const names = new Map<string, Set<string> | null>([[from.key, name === null ? null : new Set([name])]]);
    const places = new Map<string, CodePlace>([[from.key, from]]);
    const queue = [from];
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      for (const { place: next, name: taken } of this.#map.importedBy(place)) {
        const known = names.get(next.key);
        if (places.has(next.key)) {
          if (taken === null || known === null) names.set(next.key, null);
          else known?.add(taken);
          continue;
        }
        if (places.size >= MAX_REACHED) break;
        places.set(next.key, next);
        names.set(next.key, taken === null ? null : new Set([taken]));
        queue.push(next);
      }
    }
    return [...places.values()].map((at) => ({
      at,
      calls: this.#knownCalls(at, names.get(at.key) ?? null, asMain && at === from),
    }));
  }

  #knownCalls(place: CodePlace, taken: ReadonlySet<string> | null, asMain: boolean): readonly ReachingCall[] {
    const key = `${asMain}\n${taken === null ? '*' : [...taken].sort().join()}\n${place.key}`;
    const known = this.#callsOfNames.get(key) ?? this.#callsOf(place, taken, asMain);
    this.#callsOfNames.set(key, known);
    return known;
  }

  /** The calls that importing a file makes, and those in what is taken from it. */
  #callsOf(place: CodePlace, taken: ReadonlySet<string> | null, asMain: boolean): readonly ReachingCall[] {
    const facts = this.#map.facts(place.key);
    if (facts === undefined) return [];
    const defined = new Set(facts.defines);
    const used = new Set<string>();
    // What is taken may be bound by an assignment: then all of it counts.
    const all = taken === null || [...taken].some((name) => !defined.has(name));
    const queue = [...(all ? defined : (taken ?? []))];
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      if (used.has(name)) continue;
      used.add(name);
      queue.push(...(Object.hasOwn(facts.uses, name) ? (facts.uses[name] ?? []) : []));
    }
    return facts.calls.filter(
      ({ owner }) => owner === null || (owner === '__main__' ? asMain : used.has(owner) || !defined.has(owner)),
    );
  }

  #approval(file: string): CodeApproval | undefined {
    const digest = this.#digests.get(file);
    return digest === null || digest === undefined
      ? undefined
      : this.#repository.approvals.find(({ sha256 }) => sha256 === digest);
  }

  /** `owner/model` when the artifact is one of the Hub. */
  #own(): string | undefined {
    return /^hf:\/\/([^/@]+\/[^/@]+)/.exec(this.#repository.ref)?.[1];
  }

  #call(call: string, at: CodePlace): string {
    const path = at.member === undefined ? this.#repository.ref : at.file;
    const last = path
      .split('/')
      .filter((part) => part !== '')
      .at(-1);
    const name = (at.member === undefined ? this.#own() : undefined) ?? last ?? 'model';
    return call.replace('{}', cut(name, 100));
  }

  #say(at: CodePlace, rule: Rule, message: string, subject: string, more: { line?: number; evidence?: string }): void {
    const key = `${rule.id}\n${at.key}\n${subject}`;
    if (this.#judgements.has(key)) return;
    const finding = { rule, member: at.member, message, subject, ...more };
    const verdict = rule.verdict === 'malicious' || rule.verdict === 'suspicious' ? rule.verdict : 'none';
    this.#judgements.set(key, { file: at.file, verdict, reason: undefined, finding });
  }

  #mark(file: string, verdict: CodeJudgement['verdict'], reason: string): void {
    const key = `mark\n${file}\n${reason}`;
    if (!this.#judgements.has(key)) this.#judgements.set(key, { file, verdict, reason, finding: undefined });
  }
}

function shown({ file, member }: CodePlace): string {
  return cut(member === undefined ? file : `${file}!${member}`, 200);
}

const ORIGINS = {
  constant: '',
  decoded: ' with what it decodes',
  downloaded: ' with what it downloads',
  environment: ' with what the environment holds',
  computed: ' with what it computes',
} as const;

/** A call as a sentence. */
export function callSentence({ name, line, owner, origin }: ReachingCall): string {
  const when = owner === null ? 'when it is imported' : `in ${cut(owner, 100)}`;
  return `Calls ${cut(name, 100)}${ORIGINS[origin]} ${when} (line ${line})`;
}
