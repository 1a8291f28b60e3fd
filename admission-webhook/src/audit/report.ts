import type { AssayError } from '../../../src/core/index.ts';
import type { Ruling } from '../answer.ts';
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
  /** `under`: objects that others led to; `finished`: that run no more; `off`: where the webhook does nothing. */
  readonly totals: {
    readonly objects: number;
    readonly under: number;
    readonly finished: number;
    readonly off: number;
  } & Readonly<Record<WebhookAction, number>>;
  readonly namespaces: readonly AuditedNamespace[];
  /** The gravest first. */
  readonly objects: readonly AuditedObject[];
}

export function auditProblemOf(subject: string, { message, hint }: AssayError): AuditProblem {
  return { subject, message, mend: hint ?? null };
}
