import type { FileBudget } from '../../core/index.ts';
import {
  ALL_LOADERS,
  type Call,
  describe,
  describeCall,
  EXT,
  FIRST_COMPOSITE,
  GLOBAL,
  type GlobalName,
  JOBLIB,
  LISTED_ONLY,
  type LoaderSet,
  NOBODY,
  OBJECT,
  type Oddity,
  PERSID,
  type PickleHandler,
  type PickleState,
  TUPLE,
  type Value,
} from '../../formats/pickle/index.ts';
import type { GlobalPolicy, ListedGlobal } from '../lists/index.ts';
import type { NameRule, Report, StorageRecords, Within } from '../scanner/index.ts';
import { Blobs } from './blobs.ts';
import { CallCounts } from './call-counts.ts';
import { cannotBeCalled, mayBeCalled } from './called-results.ts';
import { sayCodeUse } from './code-use.ts';
import {
  codeCall,
  codeState,
  contractOf,
  expandsTuples,
  isDistribution,
  isExpression,
  itemContract,
  longValue,
  madeOfCode,
  makerOf,
  mayEvaluate,
  passesCode,
  READS_DICTS,
  READS_LISTS,
  takesNoKeywords,
  unexpected,
} from './contracts/index.ts';
import { Bare, type Claim, LIST_MATRICES, lateBreaches, nativeState, takeClaims } from './contracts/native/index.ts';
import { fillHooks } from './contracts/torch/index.ts';
import { HandedValues } from './handed.ts';
import { importFinding } from './import-finding.ts';
import { isFileMarker, sayFile } from './joblib-files.ts';
import {
  allowed,
  IDENTIFIER_PATH,
  isArrayMarker,
  isClassName,
  isNew,
  LOADER_NAMES,
  makesNoText,
  readsState,
  stateContract,
  TORCHSCRIPT_CLASS,
  walksAttributes,
} from './judge-names.ts';
import { refusedByLists, resolvedNames } from './loader-names.ts';
import { type Handed, handedBy, handedByCall, takesNativeState, type Untold } from './native-states.ts';
import { itemsOfPlainValue, ODDITIES, STATE_OF_PLAIN_VALUE, TUPLES_HASHED_FOR_HOURS } from './oddities.ts';
import * as rules from './rules.ts';
import { Sayer } from './sayer.ts';
import { oddState, tookState } from './state-kinds.ts';
import { StorageIds } from './storage-ids.ts';
import { StreamNames } from './stream-names.ts';
import { violationFinding } from './violation-finding.ts';

/** The number of calls of computed values that are reported separately; the rest are one finding. */
const MAX_COMPUTED = 32;
const NAMELESS = { module: '', name: '' };

export interface PickleJudgeOptions {
  readonly globals: GlobalPolicy;
  readonly within: Within | undefined;
  /** The storages of the archive around it, where those are told. */
  readonly records?: StorageRecords | undefined;
  /** The budget that reports are charged to. */
  readonly budget?: FileBudget;
  readonly names?: NameRule;
  report(report: Report): void;
  imported(name: string, loaders: LoaderSet): void;
  /** The stream imports, calls or changes something. */
  acts?(loaders: LoaderSet): void;
}

/** Judges what one pickle stream does, as the machine tells it: the rules of the scanner, one method an event. */
export class PickleJudge implements PickleHandler {
  readonly onStep: PickleHandler['onStep'];
  readonly blobs = new Blobs();
  /** Numbers that native code follows. */
  readonly claims: Claim[] = [];
  /** What native code is handed. */
  readonly handed: (Handed | Untold)[] = [];
  /** The stream imports joblib's marker for arrays that stand between its instructions. */
  joblib = false;
  readonly storageIds: StorageIds;
  readonly #options: PickleJudgeOptions;
  readonly #say: Sayer;
  readonly #names: StreamNames;
  readonly #calls = new CallCounts();
  #computed = 0;
  readonly #handed = new HandedValues();
  /** The stream names something that makes code by value. */
  #code = false;
  /** Instances that are not whole before they are given a state, by the call that made each. */
  readonly #bare = new Bare();
  /** The next computed name may be any text. */
  #chosen = false;
  /** Something that was imported or made was called or changed. */
  #changed = false;

  constructor(options: PickleJudgeOptions, onStep?: PickleHandler['onStep']) {
    this.#options = options;
    this.#say = new Sayer((report) => options.report(report), options.budget);
    this.storageIds = new StorageIds(this.#say, options.within, options.records);
    this.#names = new StreamNames(options.globals, options.within, this.blobs);
    this.onStep = onStep;
  }

  onImport(global: GlobalName, machine: PickleState): LoaderSet {
    const refused = this.#refused(global, machine);
    this.#say.loaders = machine.alive & ~refused;
    if (this.#say.loaders !== NOBODY) {
      this.#options.acts?.(this.#say.loaders);
      this.#judgeImport(global, machine);
    }
    return refused;
  }

  /** The loaders that end at a name, since they know none of it. */
  #refused(global: GlobalName, machine: PickleState): LoaderSet {
    if (global.computed) return LISTED_ONLY;
    const { globals, within } = this.#options;
    // What was changed may have any name.
    const names = this.#changed ? 'any' : (this.#options.names ?? 'any');
    // Raw numbers that are run as instructions spell names now and then; those of modules are identifiers.
    const unlikely = (machine.alternative || names === 'identifiers') && !IDENTIFIER_PATH.test(global.module);
    const nul = global.module.includes('\0');
    if ((unlikely || nul || names === 'known') && !globals.resolves(global)) return ALL_LOADERS;
    return refusedByLists(global, within);
  }

  #judgeImport(global: GlobalName, machine: PickleState): void {
    const offset = machine.fileOffset(global.offset);
    const full = `${global.module}.${global.name}`;
    if (global.computed) {
      const [rule, what] = this.#chosen
        ? [rules.COMPUTED_NAME, 'that a call computes']
        : [rules.UNLISTED_GLOBAL, 'that would be an instance of a class on no list'];
      this.#chosen = false;
      this.#say.report(rule, `imports a name ${what}`, `computed at ${machine.globals.length}`, offset);
      return;
    }
    for (const name of resolvedNames(global, this.#say.loaders)) this.#options.imported(name, this.#say.loaders);
    if (isArrayMarker(global)) this.joblib = true;
    // Sizes of joblib's arrays, source code in SciPy's states, models of native code and attributes are read from dicts.
    const keeps = isArrayMarker(global) || isFileMarker(global) || readsState(global) || takesNativeState(global);
    if (keeps || READS_DICTS.has(full)) machine.startKeeping(READS_LISTS.has(full), LIST_MATRICES.has(full));
    if (full === 'dill._dill._load_type' || makerOf(global) !== undefined) {
      this.#code = true;
      machine.startKeeping();
    }
    if (makerOf(global) !== undefined) {
      this.#say.report(rules.CODE_BY_VALUE, `carries code by value: it imports ${full}`, full, offset, full);
      return;
    }
    const found = importFinding(global, this.#names.standing(global));
    if (found !== undefined) this.#say.report(found.rule, found.message, full, offset, full);
  }

  onCall(call: Call, machine: PickleState): void {
    this.#happens(call.callee, machine);
    this.#judgeCall(call, machine);
    // An instruction that waits for a text is run again, and counts then.
    if (machine.waits) return;
    this.#noteCall(call, machine);
    if (!machine.waits) this.#calls.note(call, machine, this.#code);
  }

  #judgeCall(call: Call, machine: PickleState): void {
    const code = this.#code ? codeCall(call, this.#names.context(machine)) : undefined;
    if (machine.waits) return;
    if (code !== undefined) {
      const shown = () => describeCall(call.callee, call.args, machine);
      if (call.callee.kind === GLOBAL && makerOf(machine.global(call.callee) ?? NAMELESS) === undefined)
        this.#say.report(
          rules.CODE_BY_VALUE,
          'carries code by value: it loads a type that makes code, functions or classes',
          'type',
          machine.fileOffset(call.offset),
          shown,
        );
      sayCodeUse(code, this.#say, this.#options, { offset: machine.fileOffset(call.offset), shown });
      return;
    }
    const global = this.#names.callee(call.callee, machine);
    if (machine.waits) return;
    const offset = machine.fileOffset(call.offset);
    if (global === undefined) {
      if (mayBeCalled(call, this.#names.context(machine)) || machine.waits) return;
      // CPython raises an error for a constant; the global of an extension code was reported when it was fetched.
      if (call.callee.kind < FIRST_COMPOSITE || call.callee.kind === EXT) return;
      if (cannotBeCalled(call, this.#names.context(machine))) return;
      if (call.callee.kind === PERSID && machine.alternative) return;
      const shown = this.#computed++ < MAX_COMPUTED ? describeCall(call.callee, call.args, machine) : 'more of them';
      this.#say.report(rules.COMPUTED_CALL, 'calls the result of another call', shown, offset, shown);
      return;
    }
    const standing = this.#names.standing(global);
    const evaluates = isExpression(global) && standing.kind !== 'listed' && mayEvaluate(global, call, machine);
    if (evaluates || standing.kind === 'dangerous' || (standing.kind === 'unlisted' && walksAttributes(global))) {
      // Reported again with its arguments: the same finding, with better evidence.
      const rule = evaluates || standing.kind === 'dangerous' ? rules.DANGEROUS_GLOBAL : rules.ATTRIBUTE_PATH;
      const full = `${global.module}.${global.name}`;
      this.#say.report(rule, `calls ${full}`, full, offset, () => describeCall(call.callee, call.args, machine));
      return;
    }
    if (standing.kind === 'listed' || standing.kind === 'shadowed') this.#checkCall(call, standing.entry, machine);
  }

  #checkCall(call: Call, entry: ListedGlobal, machine: PickleState): void {
    const args = machine.tuple(call.args) ?? [call.args];
    const context = this.#names.context(machine);
    const contract = contractOf(entry);
    const keywords =
      call.kwargs !== undefined && takesNoKeywords(entry) ? unexpected('it is given keyword arguments') : undefined;
    const broken =
      contract?.(args, context) ?? keywords ?? this.#bare.handed(args, machine) ?? longValue(entry, args, context);
    if (machine.waits) return;
    const full = `${entry.module}.${entry.name}`;
    const shown = () => describeCall(call.callee, call.args, machine);
    if (this.#code && passesCode(args, context))
      this.#say.report(
        rules.CODE_RUNS,
        `passes code that it carries to ${full}`,
        full,
        machine.fileOffset(call.offset),
        shown,
      );
    if (broken !== undefined) {
      this.#say.breach(full, broken, machine.fileOffset(call.offset), shown);
      return;
    }
    this.#hand(handedByCall(entry, args, machine), machine);
    const use = isNew(call, args) ? 'new' : 'call';
    const contracted = entry.contract === undefined || contract !== undefined || isDistribution(entry);
    if (call.args.kind === TUPLE && allowed(entry, use, args.length) && contracted) return;
    const message = `${full} is ${use === 'new' ? 'instantiated' : 'called'}, which ${entry.library} does not do`;
    this.#say.report(rules.UNUSUAL_USE, message, full, machine.fileOffset(call.offset), shown);
  }

  #noteCall(call: Call, machine: PickleState): void {
    const global = this.#names.callee(call.callee, machine);
    const entry = global === undefined ? undefined : this.#names.entryOf(global);
    if (entry === undefined || entry === TORCHSCRIPT_CLASS.entry) return;
    this.#handed.call(call, entry, machine, this.#names.context(machine));
    this.#bare.made(call, entry, machine);
  }

  onBuild(target: Value, state: Value, again: boolean, offset: number, machine: PickleState): 'array' | undefined {
    this.#happens(target, machine);
    const at = machine.fileOffset(offset);
    if (target.kind === GLOBAL) {
      const name = describe(target, machine);
      this.#say.report(rules.FOREIGN_STATE, `sets attributes of the imported object ${name}`, name, at, name);
      return undefined;
    }
    const code = this.#code ? codeState(target, state, this.#names.context(machine)) : undefined;
    if (machine.waits) return undefined;
    if (code !== undefined) {
      sayCodeUse(code, this.#say, this.#options, { offset: at, shown: () => describe(state, machine) });
      return undefined;
    }
    const call = machine.callOf(target);
    if (call === undefined) {
      if (target.kind >= FIRST_COMPOSITE) this.#say.odd(STATE_OF_PLAIN_VALUE, at);
      return undefined;
    }
    const global = this.#names.callee(call.callee, machine);
    if (machine.waits) return undefined;
    const made = global === undefined ? undefined : this.#names.madeClass(global, call.args, machine);
    const standing = made === undefined ? undefined : this.#names.standing(made);
    if (made !== undefined && again) {
      const name = `${made.module}.${made.name}`;
      this.#say.report(rules.LATE_MUTATION, `sets the state of an instance of ${name} a second time`, name, at);
    }
    if (made !== undefined && isFileMarker(made)) sayFile(this.#say, state, at, machine);
    if (made !== undefined && takesNativeState(made)) this.#hand(handedBy(made, state, machine), machine);
    if (machine.waits) return undefined;
    if (made !== undefined && isArrayMarker(made) && (machine.alive & JOBLIB) !== 0) return 'array';
    if (standing?.kind === 'listed' || standing?.kind === 'shadowed')
      this.#checkBuild(standing.entry, target, state, at, machine);
    return undefined;
  }

  /** Keeps the values that native code receives, which are read after the stream. */
  #hand(handed: readonly (Handed | Untold)[], machine: PickleState): void {
    if (machine.waits) return;
    if (!this.blobs.hasRoom(this.handed.length + handed.length)) this.blobs.lost = true;
    else this.handed.push(...handed);
  }

  #checkBuild(entry: ListedGlobal, target: Value, state: Value, offset: number, machine: PickleState): void {
    const full = `${entry.module}.${entry.name}`;
    const contract = stateContract(entry) ?? nativeState(target, machine);
    const parts = machine.tuple(state) ?? [state];
    const broken = contract?.(parts, this.#names.context(machine, target)) ?? this.#bare.handed(parts, machine);
    if (machine.waits) return;
    this.#bare.built(target, machine);
    if (broken !== undefined) this.#say.breach(full, broken, offset, () => describe(state, machine));
    else if (!entry.uses.has('build') && !entry.uses.has('new')) {
      this.#say.report(
        rules.UNUSUAL_USE,
        `sets the state of the result of ${full}, which ${entry.library} does not do`,
        full,
        offset,
      );
    }
    this.#handed.state(entry, state, offset, machine);
    const odd = oddState(entry, state, machine);
    if (odd === undefined) return;
    const rule = odd.acts ? rules.BROKEN_CONTRACT : rules.UNUSUAL_USE;
    this.#say.report(rule, `${full}: ${odd.what}`, full, offset, () => describe(state, machine));
  }

  onMutate(
    receiver: Value,
    opcode: string,
    built: boolean,
    offset: number,
    machine: PickleState,
    items: Value | undefined,
  ): void {
    this.#happens(receiver, machine);
    const at = machine.fileOffset(offset);
    if (receiver.kind === GLOBAL) {
      const name = describe(receiver, machine);
      this.#say.report(rules.FOREIGN_STATE, `${opcode} puts items into the imported object ${name}`, name, at, name);
      return;
    }
    if (receiver.kind !== OBJECT) {
      if (receiver.kind === PERSID)
        this.#say.report(rules.FOREIGN_STATE, `${opcode} puts items into an object outside the pickle`, opcode, at);
      else this.#say.odd(itemsOfPlainValue(opcode), at);
      return;
    }
    const call = machine.callOf(receiver);
    const global = call === undefined ? undefined : machine.global(call.callee);
    if (call === undefined || global === undefined) return; // A computed callee was reported at its call.
    const made = this.#names.madeClass(global, call.args, machine) ?? global;
    const name = `${made.module}.${made.name}`;
    if (this.#code && madeOfCode(receiver, this.#names.context(machine)) !== undefined)
      this.#say.report(
        rules.CODE_RUNS,
        `${opcode} puts items into something that the pickle carries as code`,
        'code',
        at,
      );
    const filled = fillHooks(receiver, this.#names.context(machine));
    if (filled !== undefined) this.#say.breach(name, filled, at, () => describe(receiver, machine));
    if (built)
      this.#say.report(
        rules.LATE_MUTATION,
        `${opcode} puts items into an instance of ${name} after its state was set`,
        name,
        at,
      );
    const standing = this.#names.standing(made);
    if (standing.kind !== 'listed' && standing.kind !== 'shadowed') return;
    const { entry } = standing;
    const broken = itemContract(made)?.((items && machine.tuple(items)) ?? [], this.#names.context(machine, receiver));
    if (machine.waits) return;
    if (broken !== undefined) this.#say.breach(name, broken, at, () => describe(receiver, machine));
    if (items !== undefined) this.#handed.items(entry, items, at, machine);
    if (entry.uses.has('items')) return;
    // The methods that take items are the object's own, and may be anything.
    const message = `${opcode} puts items into the result of ${name}, which ${entry.library} does not do`;
    this.#say.report(rules.BROKEN_CONTRACT, message, name, at);
  }

  readsItems(receiver: Value, machine: PickleState): boolean {
    const call = machine.callOf(receiver);
    const global = call === undefined ? undefined : machine.global(call.callee);
    return global !== undefined && itemContract(global) !== undefined;
  }

  onDunderKey(key: Value, item: Value, offset: number, machine: PickleState): void {
    this.#say.loaders = machine.alive;
    const name = machine.text(key);
    if (machine.waits || name === undefined) return;
    this.#handed.specialKey(key, name, machine);
    if (item.kind < GLOBAL || !LOADER_NAMES.test(name)) return;
    const message = `sets the attribute ${name} of an object, which Python itself looks up`;
    this.#say.report(rules.METHOD_OVERRIDE, message, name, machine.fileOffset(offset), () => {
      return `{${JSON.stringify(name)}: ${describe(item, machine)}}`;
    });
  }

  onPersistentId(id: Value, offset: number, machine: PickleState): void {
    this.#say.loaders = machine.alive;
    this.storageIds.judge(id, machine.fileOffset(offset), machine, this.#names.context(machine));
  }

  onExtension(code: number, offset: number, machine: PickleState): void {
    // Raw numbers that are run as instructions name codes that nobody registered, and the loader ends.
    if (machine.alternative) return;
    this.#say.loaders = machine.alive;
    this.#options.acts?.(machine.alive);
    this.#say.report(rules.EXTENSION, `imports extension code ${code}`, String(code), offset);
  }

  /** An instance of a listed class is not a plain string, except of the string classes; nor is an object that has a state. */
  mayBeText(of: Value, machine: PickleState): boolean {
    const call = machine.callOf(of);
    if (call?.built === true && tookState(of, machine)) return false;
    // A class that instances are made of.
    const global = machine.global(of);
    const own = global === undefined ? undefined : this.#names.standing(global);
    if (own?.kind === 'listed' && own.entry.uses.has('new')) return false;
    const callee = call === undefined ? undefined : machine.global(call.callee);
    const standing = callee === undefined ? undefined : this.#names.standing(callee);
    if (standing?.kind === 'listed' && makesNoText(standing.entry)) return false;
    // Created without arguments, it is not a text that the stream chooses.
    const bare = call !== undefined && machine.tuple(call.args)?.length === 0;
    this.#chosen ||= !(bare && standing?.kind === 'unlisted' && callee?.computed === false && isClassName(callee.name));
    return true;
  }

  onBlob(start: number, length: number): void {
    this.blobs.add({ start, length, loaded: false, text: false });
  }

  onOddity(oddity: Oddity, offset: number, machine: PickleState): void {
    // Numbers that are run as instructions look like no pickler's work: what they do counts.
    if (machine.alternative) return;
    this.#say.loaders = machine.alive;
    this.#say.odd(ODDITIES[oddity], offset);
  }

  /** After the stream: judges the values that listed names were given, instances without a state, and functions that are kept. */
  onEnd(machine: PickleState): void {
    this.#judgeHanded(machine);
    for (const { owner, breach } of lateBreaches(machine)) this.#say.breach(owner, breach, 0, () => owner);
    this.claims.push(...takeClaims(machine));
    if (expandsTuples(machine)) this.#say.odd(TUPLES_HASHED_FOR_HOURS, 0);
    for (const [offset, name] of this.#bare.close(machine))
      this.#say.report(
        rules.UNEXPECTED_DATA,
        `creates an instance of ${name} and does not set its state`,
        name,
        machine.fileOffset(offset),
      );
    if (machine.alternative) return;
    for (const global of this.#calls.kept(machine, (of) => this.#names.standing(of))) {
      const full = `${global.module}.${global.name}`;
      this.#say.report(
        rules.BROKEN_CONTRACT,
        `${full} is kept as a value, but is listed only to be called`,
        full,
        machine.fileOffset(global.offset),
      );
    }
  }

  #judgeHanded(machine: PickleState): void {
    for (const violation of this.#handed.violations(machine, (global) => this.#names.entryOf(global))) {
      const { rule, message, subject, evidence } = violationFinding(violation);
      this.#say.loaders = violation.loaders;
      this.#say.report(rule, message, subject, violation.offset, evidence);
    }
  }

  /** An operation on an imported, created or fetched value takes effect; on a constant, it raises an error. */
  #happens(to: Value, machine: PickleState): void {
    this.#say.loaders = machine.alive;
    if (to.kind < GLOBAL) return;
    this.#changed = true;
    this.#options.acts?.(machine.alive);
  }
}
