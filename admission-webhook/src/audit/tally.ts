import type { Ruling } from '../answer.ts';
import { type NamespaceRule, WEBHOOK_ACTIONS, type WebhookAction } from '../rules.ts';
import type { AuditedNamespace, AuditedObject } from './report.ts';
import type { Owner } from './seen.ts';

/** Comment of one object. */
export interface JudgedObject {
  readonly uid: string;
  readonly owner: Owner | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly action: WebhookAction;
  readonly rulings: readonly Ruling[];
}

/** Owners of owners: a Pod, its ReplicaSet, its Deployment, its Revision, its Configuration, its Service. */
const MAX_OWNERS = 12;

export interface Tallied {
  readonly objects: readonly AuditedObject[];
  readonly namespaces: readonly AuditedNamespace[];
  readonly under: number;
}

/**
 * Puts what others led to under them, where it gives no reason that they do not. The author of an object chooses its owner: what says
 * something else is told of by itself.
 */
export function tally(judged: readonly JudgedObject[], ruleOf: (namespace: string) => NamespaceRule): Tallied {
  const byUid = new Map(judged.filter(({ uid }) => uid !== '').map((one) => [one.uid, one]));
  const keys = new Map<JudgedObject, ReadonlySet<string>>();
  const keysOf = (one: JudgedObject) => {
    const known = keys.get(one) ?? new Set(one.rulings.map(keyOf));
    keys.set(one, known);
    return known;
  };
  const under = new Map<JudgedObject, number>();
  const shown = judged.filter((one) => {
    const root = rootOf(one, byUid);
    if (root === one || root.namespace !== one.namespace) return true;
    const said = keysOf(root);
    if (!one.rulings.every((ruling) => said.has(keyOf(ruling)))) return true;
    under.set(root, (under.get(root) ?? 0) + 1);
    return false;
  });
  const objects = shown.map((one) => auditedOf(one, under.get(one) ?? 0)).sort(byGravity);
  return { objects, namespaces: namespacesOf(objects, ruleOf), under: judged.length - shown.length };
}

function keyOf({ outcome, action, reference }: Ruling): string {
  return JSON.stringify([outcome, action, reference]);
}

/** The one that nobody of those who were looked at has made. */
function rootOf(one: JudgedObject, byUid: ReadonlyMap<string, JudgedObject>): JudgedObject {
  let root = one;
  for (let steps = 0; steps < MAX_OWNERS; steps++) {
    const owner = root.owner === undefined ? undefined : byUid.get(root.owner.uid);
    if (owner === undefined || owner === root) return root;
    root = owner;
  }
  // They own each other.
  return one;
}

function auditedOf(one: JudgedObject, under: number): AuditedObject {
  const { apiVersion, kind, namespace, name, action, rulings, owner } = one;
  return {
    apiVersion,
    kind,
    namespace: namespace === '' ? null : namespace,
    name,
    action,
    rulings,
    under,
    owner: owner === undefined ? null : `${owner.kind} ${owner.name}`,
  };
}

function byGravity(a: AuditedObject, b: AuditedObject): number {
  const grave = WEBHOOK_ACTIONS.indexOf(b.action) - WEBHOOK_ACTIONS.indexOf(a.action);
  return grave !== 0 ? grave : compare(placeOf(a), placeOf(b));
}

function placeOf({ namespace, kind, name }: AuditedObject): string {
  return `${namespace ?? ''} ${kind} ${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function namespacesOf(
  objects: readonly AuditedObject[],
  ruleOf: (namespace: string) => NamespaceRule,
): readonly AuditedNamespace[] {
  const counts = new Map<string, Record<WebhookAction, number>>();
  for (const { namespace, action } of objects) {
    const known = counts.get(namespace ?? '') ?? { allow: 0, audit: 0, warn: 0, deny: 0 };
    known[action]++;
    counts.set(namespace ?? '', known);
  }
  return [...counts.keys()].sort(compare).map((name) => {
    const { mode, stage } = ruleOf(name);
    const { allow = 0, audit = 0, warn = 0, deny = 0 } = counts.get(name) ?? {};
    return { name: name === '' ? null : name, mode, stage, allow, audit, warn, deny };
  });
}
