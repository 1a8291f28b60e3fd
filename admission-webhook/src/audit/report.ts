import type { AssayError } from '../../../src/core/index.ts';
import type { Posture } from '../../../src/workload/posture/index.ts';
import type { Ruling } from '../answer.ts';
import type { WrittenException } from '../exceptions/index.ts';
import type { Mode, WebhookAction } from '../rules.ts';

/** Something that could not be looked at, and so may run anything. */
export interface AuditProblem {
  /** A kind (`pods`), a group, `namespaces`. */
  readonly subject: string;
  readonly message: string;
  readonly mend: string | null;
}

/** An object, and what the webhook would say if it were made now. */
export interface AuditedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** `null` for what lives in no namespace. */
  readonly namespace: string | null;
  readonly name: string;
  /** If the namespace were enforced. */
  readonly action: WebhookAction;
  readonly rulings: readonly Ruling[];
  /** How many objects it led to that say nothing else: its ReplicaSets, its Pods. */
  readonly under: number;
  /** Who made it, where that says something else: `ReplicaSet llm-7d`. */
  readonly owner: string | null;
}

export interface AuditedNamespace {
  /** `null`: what lives in none. */
  readonly name: string | null;
  /** What holds there now. */
  readonly mode: Mode;
  readonly stage: string | null;
  /** Objects by what the webhook would say; those under others are not counted again. */
  readonly allow: number;
  readonly audit: number;
  readonly warn: number;
  readonly deny: number;
}

/** One container of an object, or several that are alike. */
export interface AuditedContainer {
  readonly namespace: string | null;
  /** `Deployment llm` */
  readonly object: string;
  readonly container: string | null;
  readonly posture: Posture;
  /** What it runs, where that is known. */
  readonly program: string | null;
  /** What is in the way first; `null` where nothing is. */
  readonly why: string | null;
  /** The exception that it is admitted by. */
  readonly exception: string | null;
}

/** What people review, and then approve, so that what runs goes on. */
export interface AuditOnboarding {
  /** Of all objects; what others made of them is not counted again where it says the same. */
  readonly containers: number;
  /** Those that are understood, sealed or excepted. */
  readonly ready: number;
  /** Of the others, those that go on by a baseline, until its end. */
  readonly goingOn: number;
  readonly postures: readonly AuditedContainer[];
  /** Images by their digest that no approval names, and how many containers run each. */
  readonly approvals: readonly { readonly image: string; readonly containers: number }[];
  /** Exceptions that would admit what an approval of the image alone does not. */
  readonly exceptions: readonly WrittenException[];
  /** Containers that neither admits, and why. */
  readonly others: readonly AuditedContainer[];
  /** Digests of the Pod templates that run: a baseline of them goes on with a warning. */
  readonly templates: readonly string[];
}

export interface AuditReport {
  readonly schemaVersion: '1';
  /** Address of the server, or the file. */
  readonly from: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly snapshot: {
    readonly from: string;
    readonly version: number;
    readonly issued: string;
    readonly expires: string;
    readonly expired: boolean;
  };
  /** Everything was looked at. */
  readonly complete: boolean;
  readonly problems: readonly AuditProblem[];
  /**
   * `under`: objects that others led to; `finished`: that run no more; `off`: where the webhook does nothing; `goingOn`: that would be refused,
   * but for a baseline.
   */
  readonly totals: {
    readonly objects: number;
    readonly under: number;
    readonly finished: number;
    readonly off: number;
    readonly goingOn: number;
  } & Readonly<Record<WebhookAction, number>>;
  readonly namespaces: readonly AuditedNamespace[];
  /** The gravest first. */
  readonly objects: readonly AuditedObject[];
  readonly onboarding: AuditOnboarding;
}

export function auditProblemOf(subject: string, { message, hint }: AssayError): AuditProblem {
  return { subject, message, mend: hint ?? null };
}
