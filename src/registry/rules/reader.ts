import type { RequiredSuite } from '../../core/behavior/index.ts';
import { closest } from '../../core/index.ts';
import type { Entry, Position, YamlSource } from '../../policy/index.ts';
import { type ApprovalMethod, type Role, SUITE_NAME } from '../api/index.ts';
import { isRegistryModel } from '../names.ts';
import type { StageRules } from '../registry.ts';
import { RULED_STAGES, type RuledStage } from './stage-machine.ts';

export interface PolicyName extends Position {
  readonly text: string;
}

/** The rules of one stage as they are written; what is absent stays as it is shipped. */
export interface StageDocument {
  readonly policy?: PolicyName;
  readonly approvals?: StageRules['approvals'];
  readonly methods?: StageRules['methods'];
}

/** The rules as they are written. */
export interface RulesDocument {
  readonly stages: Partial<Record<RuledStage, StageDocument>>;
  readonly suites: ReadonlyMap<string, RequiredSuite>;
}

const APPROVERS = ['reviewer', 'security-approver', 'admin'] as const satisfies readonly Role[];
const METHODS = ['key', 'keyless', 'certificate', 'service'] as const satisfies readonly ApprovalMethod[];
/** CWE-770: the number of required approvals. */
const MAX_COUNT = 20;
/** CWE-770: the number of models that a suite is asked of. */
const MAX_SUITES = 10_000;
const SUITE_NAMES = new RegExp(SUITE_NAME.pattern);
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Reads the rules of a registry; what is wrong becomes a problem of the source. */
export class RulesReader {
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  read(): RulesDocument {
    const source = this.#source;
    const root = source.mapping(source.root, 'the rules', ['version', 'stages', 'suites']);
    if (root === undefined) return { stages: {}, suites: new Map() };
    const version = root.get('version');
    if (version === undefined || source.text(version) !== '1') {
      source.report(version?.at ?? source.positionOf(source.root), 'the rules have no version: 1');
    }
    const entry = root.get('stages');
    if (entry === undefined) source.report(source.positionOf(source.root), 'the rules have no stages');
    const stages = entry && source.mapping(entry.value, 'stages', RULED_STAGES, entry.at);
    const read: Partial<Record<RuledStage, StageDocument>> = {};
    for (const stage of RULED_STAGES) {
      const own = stages?.get(stage);
      if (own !== undefined) read[stage] = this.#stage(stage, own);
    }
    return { stages: read, suites: this.#suites(root.get('suites')) };
  }

  #suites(entry: Entry | undefined): ReadonlyMap<string, RequiredSuite> {
    const source = this.#source;
    const suites = new Map<string, RequiredSuite>();
    for (const node of source.list(entry, MAX_SUITES)) {
      const at = source.positionOf(node);
      const fields = source.mapping(node, 'a suite', ['model', 'name', 'digest']);
      if (fields === undefined) continue;
      const model = this.#matching(fields.get('model'), 'model', at, isRegistryModel, 'the exact name of a model');
      const name = this.#matching(
        fields.get('name'),
        'name',
        at,
        (text) => text.length <= SUITE_NAME.maxLength && SUITE_NAMES.test(text),
        'the name of the file of the suite, without .yaml',
      );
      const digest = this.#matching(
        fields.get('digest'),
        'digest',
        at,
        (text) => DIGEST.test(text),
        'sha256: and the 64 hex digits that sha256sum gives for the file of the suite',
      );
      if (model === undefined || name === undefined || digest === undefined) continue;
      if (suites.has(model)) source.report(at, `the model ${model} has two suites`, 'keep one');
      suites.set(model, { name, digest });
    }
    return suites;
  }

  #matching(
    entry: Entry | undefined,
    what: string,
    at: Position,
    isValid: (text: string) => boolean,
    hint: string,
  ): string | undefined {
    if (entry === undefined) return this.#source.report(at, `a suite lacks its ${what}`, `write ${hint}`);
    const text = this.#source.text(entry);
    if (text === undefined || isValid(text)) return text;
    return this.#source.report(entry.at, `${text} is not a ${what}`, `write ${hint}`);
  }

  #stage(stage: RuledStage, entry: Entry): StageDocument {
    const source = this.#source;
    const fields = source.mapping(entry.value, stage, ['policy', 'approvals', 'methods'], entry.at);
    const policy = fields?.get('policy');
    const approvals = fields?.get('approvals');
    const methods = fields?.get('methods');
    const text = policy && source.text(policy);
    if (stage === 'candidate' && approvals !== undefined) {
      source.report(approvals.at, 'a candidate needs no approval', 'leave approvals out');
    }
    return {
      ...(policy === undefined || text === undefined ? {} : { policy: { text, ...policy.at } }),
      ...(approvals === undefined ? {} : { approvals: this.#approvals(approvals) }),
      ...(methods === undefined ? {} : { methods: this.#methods(methods) }),
    };
  }

  #approvals(entry: Entry): StageRules['approvals'] {
    const source = this.#source;
    const approvals: { role: Role; count: number }[] = [];
    for (const node of source.list(entry, APPROVERS.length)) {
      const at = source.positionOf(node);
      const fields = source.mapping(node, 'an approval', ['role', 'count']);
      const named = fields?.get('role');
      if (fields !== undefined && named === undefined) source.report(at, 'an approval lacks its role');
      const role = named && this.#word(named.value, APPROVERS, 'role', named.at);
      const count = this.#count(fields?.get('count'));
      if (role === undefined || count === undefined) continue;
      if (approvals.some((other) => other.role === role)) source.report(at, `${role} is listed twice`, 'keep one');
      approvals.push({ role, count });
    }
    return approvals;
  }

  #count(entry: Entry | undefined): number | undefined {
    if (entry === undefined) return 1;
    const text = this.#source.text(entry);
    const count = text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= MAX_COUNT) return count;
    return this.#source.report(entry.at, `count is not a number from 1 to ${MAX_COUNT}`);
  }

  #methods(entry: Entry): StageRules['methods'] {
    const source = this.#source;
    const nodes = source.list(entry, METHODS.length);
    if (nodes.length === 0)
      source.report(entry.at, 'methods is empty, so nobody could approve', 'leave it out for any');
    return nodes.flatMap((node) => this.#word(node, METHODS, 'method') ?? []);
  }

  #word<T extends string>(node: unknown, known: readonly T[], what: string, at?: Position): T | undefined {
    const place = at ?? this.#source.positionOf(node);
    const text = this.#source.textOf(node, what, place);
    const word = known.find((one) => one === text);
    if (word !== undefined || text === undefined) return word;
    const [near] = closest(text, known);
    const hint = near === undefined ? `there is ${known.join(', ')}` : `did you mean ${near}?`;
    return this.#source.report(place, `${text} is not a ${what}`, hint);
  }
}
