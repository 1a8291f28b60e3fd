import type { Assessment } from '../core/assessment/index.ts';
import type { CompiledPolicy } from '../policy/index.ts';
import type { AuditVerdict, NewFile } from '../registry/api/index.ts';
import type { Ballot, Job, Principal, Registered, Registry, Role, Stage, Transition } from '../registry/index.ts';
import type { RegistryPlace } from './place.ts';

type Unbound<M> = M extends (by: Principal, ...rest: infer A) => infer R ? (...rest: A) => R : never;

/** The requests of verbs to a registry, in the name of the user. */
type Calls = {
  readonly [K in
    | 'models'
    | 'versions'
    | 'version'
    | 'versionsOf'
    | 'decisions'
    | 'approvals'
    | 'currentDecisions'
    | 'transitions'
    | 'requestTransition'
    | 'withdraw'
    | 'quarantine'
    | 'revoke'
    | 'versionTests'
    | 'addTestRun'
    | 'revokeTestRun'
    | 'imageApprovals'
    | 'approveImage'
    | 'revokeImage'
    | 'auditLog']: Unbound<Registry[K]>;
};

/** A vote; the registry finds a role that is still needed when none is named. */
export type ClientVote = Omit<Ballot, 'role'> & { readonly role?: Role };

interface Common extends Calls {
  /** For messages. */
  readonly name: string;
  vote(transition: string, vote: ClientVote): Promise<Transition>;
  /** The rules of a stage; `undefined` when the registry does not show them. */
  policy(stage: Stage): Promise<CompiledPolicy | undefined>;
  /** @param since a head that was kept elsewhere */
  verifyAuditLog(since?: { readonly seq: number; readonly hash: string }): Promise<AuditVerdict>;
  close(): Promise<void>;
}

/** A key that no trust file knows, at a registry where nobody has approved anything yet. */
export interface FirstKey {
  /** Of the trust file that will know it. */
  readonly path: string;
  /** Writes the trust file, once. @returns whether it was now. @throws AssayError `unreadable` */
  keep(): Promise<boolean>;
}

/** A registry that this process opens itself. */
export interface LocalRegistry extends Common {
  readonly kind: 'local';
  readonly place: RegistryPlace;
  /** The user of the verb, as the registry names that user. */
  readonly who: string;
  /** The key that is trusted because it is the first; it must be written to the trust file before use. */
  readonly firstKey: FirstKey | undefined;
  register(model: string, assessment: Assessment): Promise<Registered>;
  /** A new request, in the name of the registry itself, so that its only user can approve it. */
  requestForNobody: Common['requestTransition'];
  /** Takes such a request back. */
  withdrawForNobody(transition: string): Promise<Transition>;
  /** Decides a version by the rules of now: nobody watches the rules of a registry file. */
  decideAgain(version: string): Promise<void>;
  /** The assessment on which the decision about a version is based. */
  newestAssessment(version: string): Promise<Assessment | undefined>;
}

/** A registry behind a service. */
export interface ServiceRegistry extends Common {
  readonly kind: 'service';
  /** Asks for a scan that registers what it finds. */
  submit(request: { readonly model: string } & ({ readonly ref: string } | { readonly upload: string })): Promise<Job>;
  job(id: string): Promise<Job>;
  /** Begins an upload. @returns its id */
  beginUpload(files: readonly NewFile[]): Promise<string>;
  /** Sends a piece of file `index`, from `offset` on. */
  sendPiece(upload: string, index: number, offset: number, piece: Uint8Array): Promise<void>;
  completeUpload(upload: string): Promise<void>;
  removeUpload(upload: string): Promise<void>;
}

export type RegistryClient = LocalRegistry | ServiceRegistry;

/** Everything of a list, page by page. */
export async function* all<T>(
  pageAfter: (page: { readonly limit: number; readonly after?: string }) => Promise<{
    readonly items: readonly T[];
    readonly next: string | null;
  }>,
): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const { items, next } = await pageAfter({ limit: 200, ...(after === undefined ? {} : { after }) });
    yield* items;
    if (next === null) return;
    after = next;
  }
}
