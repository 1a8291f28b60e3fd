import type { KeyObject } from 'node:crypto';
import { userInfo } from 'node:os';
import { AssayError } from '../core/index.ts';
import { readTrustFile } from '../integrity/trust-file/index.ts';
import {
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registry,
  type RegistryRules,
  type Transition,
} from '../registry/index.ts';
import { all, type FirstKey, type LocalRegistry } from './client.ts';
import type { ClientContext } from './context.ts';
import { believing } from './first-key.ts';
import { makePlace, type RegistryPlace } from './place.ts';

/** The user of a local registry: write access to its file grants every role. */
const ROLES = ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin'] as const;
/** The same as the service has for its operator. */
const TENANT = 'default';
/** The requester of a request that no user made. */
const NOBODY = 'the registry';
const MAX_NAME = 200;

export interface LocalOptions {
  /** Instead of the user of this machine. */
  readonly as: string | undefined;
  /** Make it when it is not there. */
  readonly make: boolean;
  /** The key that is trusted while there is neither a trust file nor an approval. */
  readonly key?: KeyObject;
}

/**
 * Opens a registry of this machine.
 * @throws AssayError `not-found` for one that is not there, `usage`, `unreadable`; RegistryError
 */
export async function openLocal(
  asked: RegistryPlace,
  options: LocalOptions,
  context: ClientContext,
): Promise<LocalRegistry> {
  if (asked.isNew && !options.make) {
    const hint = 'check the path; assay approve and assay promote make a registry';
    throw new AssayError('not-found', 'the registry does not exist', { subject: `--registry ${asked.name}`, hint });
  }
  const who = nameOf(options.as);
  const place = await makePlace(asked);
  const rules = await loadRegistryRules(place.rules);
  const trust = place.trust === null ? undefined : await readTrustFile(place.trust);
  for (const warning of trust?.warnings ?? []) {
    context.warn(`${place.trust}: ${warning}`);
  }
  const { database } = place;
  const registry = await openRegistry({ database, rules, ...(trust === undefined ? {} : { trust }) });
  const opened = localRegistry({ registry, rules, place, who, firstKey: undefined });
  const { key } = options;
  if (trust !== undefined || key === undefined || place.folder === undefined) return opened;
  if (await hasApprovals(opened)) return opened;
  await opened.close();
  const { trust: first, firstKey } = believing(key, who, place.folder);
  const believed = await openRegistry({ database, rules, trust: first });
  return localRegistry({ registry: believed, rules, place, who, firstKey });
}

async function hasApprovals({ auditLog }: LocalRegistry): Promise<boolean> {
  for await (const { action } of all((page) => auditLog(page))) if (action === 'approval.given') return true;
  return false;
}

interface Opened {
  readonly registry: Registry;
  readonly rules: RegistryRules;
  readonly place: RegistryPlace;
  readonly who: string;
  readonly firstKey: FirstKey | undefined;
}

function localRegistry({ registry, rules, place, who, firstKey }: Opened): LocalRegistry {
  const by: Principal = { tenant: TENANT, subject: who, issuer: null, roles: ROLES, via: 'local' };
  const nobody: Principal = { ...by, subject: NOBODY };
  return {
    kind: 'local',
    name: place.name,
    place,
    who,
    firstKey,
    models: (page) => registry.models(by, page),
    versions: (model, page) => registry.versions(by, model, page),
    version: (name) => registry.version(by, name),
    versionsOf: (query) => registry.versionsOf(by, query),
    decisions: (version) => registry.decisions(by, version),
    approvals: (version) => registry.approvals(by, version),
    currentDecisions: (query) => registry.currentDecisions(by, query),
    transitions: (filter) => registry.transitions(by, filter),
    requestTransition: (version, to, comment) => registry.requestTransition(by, version, to, comment),
    withdraw: (transition) => registry.withdraw(by, transition),
    requestForNobody: (version, to, comment) => registry.requestTransition(nobody, version, to, comment),
    withdrawForNobody: (transition) => registry.withdraw(nobody, transition),
    quarantine: (version, reason) => registry.quarantine(by, version, reason),
    revoke: (approval, reason) => registry.revoke(by, approval, reason),
    versionTests: (version) => registry.versionTests(by, version),
    addTestRun: (version, attestation) => registry.addTestRun(by, version, attestation),
    revokeTestRun: (run, reason) => registry.revokeTestRun(by, run, reason),
    imageApprovals: (page) => registry.imageApprovals(by, page),
    approveImage: (attestation) => registry.approveImage(by, attestation),
    revokeImage: (id, reason) => registry.revokeImage(by, id, reason),
    auditLog: (page) => registry.auditLog(by, page),
    verifyAuditLog: (since) => registry.verifyAuditLog(by, since),
    register: (model, assessment) => registry.register(by, { model, assessment }),
    decideAgain: async (version) => void (await registry.reevaluate(by, { version })),
    newestAssessment: async (version) => (await registry.assessments(by, version, 1))[0]?.assessment,
    policy: async (stage) => (stage === 'retired' || stage === 'quarantined' ? undefined : rules[stage].policy),
    async vote(id, { role, ...ballot }) {
      const asked = role ?? roleFor(await registry.transition(by, id));
      return registry.vote(by, id, { ...ballot, role: asked });
    },
    close: () => registry.close(),
  };
}

/** A role that is still needed. */
function roleFor({ needed }: Transition) {
  return needed.find(({ count }) => count > 0)?.role ?? 'reviewer';
}

function nameOf(given: string | undefined): string {
  const name = given ?? userName();
  if (name.trim() !== '' && name.length <= MAX_NAME && name !== NOBODY && !/\p{C}/u.test(name)) return name;
  throw new AssayError('usage', 'is not a name of a person', {
    subject: `--as ${name}`,
    hint: `use up to ${MAX_NAME} characters in one line, and not "${NOBODY}"`,
  });
}

/** A user without an entry in the machine's list (in a container) has a number at least. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
