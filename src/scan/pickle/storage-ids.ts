import { describe, type PickleState, type Value } from '../../formats/pickle/index.ts';
import type { StorageRecords, Within } from '../scanner/index.ts';
import type { ContractContext } from './contracts/index.ts';
import { readStorageId, type StorageClaim } from './contracts/torch/index.ts';
import { ruleOf } from './judge-names.ts';
import { PERSISTENT_ID, UNEXPECTED_DATA } from './rules.ts';
import type { Sayer } from './sayer.ts';

/** Bytes that what is known of a storage costs, about. */
const STORAGE_BYTES = 128;

/** The persistent ids of one stream, which name the storages of PyTorch's tensors. */
export class StorageIds {
  /** Storages that persistent ids name, by key. */
  readonly claims = new Map<string, StorageClaim>();
  readonly #say: Sayer;
  readonly #within: Within | undefined;
  readonly #records: StorageRecords | undefined;

  constructor(say: Sayer, within: Within | undefined, records: StorageRecords | undefined) {
    this.#say = say;
    this.#within = within;
    this.#records = records;
  }

  judge(id: Value, at: number, machine: PickleState, context: ContractContext): void {
    const shown = () => describe(id, machine);
    if (this.#within === undefined) {
      // This reading is that of a plain loader, which stops at a persistent id.
      if (machine.alternative) return;
      this.#say.report(PERSISTENT_ID, 'a persistent id stands outside a PyTorch file', 'outside', at, shown);
      return;
    }
    const read = readStorageId(id, this.#records, context);
    if (machine.waits || read.kind === 'module') return;
    if (read.kind === 'storage') this.#keep(read.claim, at, machine);
    if (read.breach === undefined) return;
    const [rule, what] = ruleOf(read.breach);
    const shape = rule === UNEXPECTED_DATA ? PERSISTENT_ID : rule;
    this.#say.report(shape, `a persistent id: ${what}`, read.kind, at, shown);
  }

  /** All ids of a storage name the same bytes: if they state different sizes, loaders differ on which to use. */
  #keep(claim: StorageClaim, at: number, machine: PickleState): void {
    const known = this.claims.get(claim.key);
    if (known === undefined) machine.budget.hold(STORAGE_BYTES);
    const size = ({ elements, elementSize }: StorageClaim) => elements * elementSize;
    if (known !== undefined && size(known) !== size(claim))
      this.#say.report(PERSISTENT_ID, 'two persistent ids state different sizes for one storage', 'sizes', at);
    this.claims.set(claim.key, claim);
  }
}
