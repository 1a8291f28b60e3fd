import type { RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import { signStatement } from '../../../integrity/attestations/index.ts';
import { isSignatureError } from '../../../integrity/envelope/index.ts';
import { createStatement, subjectsOf } from '../../../integrity/statements/index.ts';
import type { StoredDecision, Transition, Version } from '../../../registry/index.ts';
import { isRuled } from '../../../registry/rules/index.ts';
import {
  type ApprovalResult,
  addTests,
  approvedJson,
  approvedText,
  decisionFor,
  openRequest,
  REQUEST_COMMENT,
  Refusal,
  refuseDenied,
  registeredVersion,
  requestText,
  type Step,
  versionLabel,
  withRegistry,
} from '../../registry/index.ts';
import type { SigningWay } from '../../signing/index.ts';
import { canAsk, isConfirmed, openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import { keepFirstKey, refuseWithoutTrust } from './first-key.ts';
import { type ModelApproveRequest, untilOf } from './request.ts';
import { wayOf } from './way.ts';

type Stage = ModelApproveRequest['stage'];

/** Finds or registers the version, signs its approval, submits it, and reports the approvals that are still needed. */
export async function runApprove(request: ModelApproveRequest, shell: Shell): Promise<void> {
  const until = request.until === undefined ? undefined : untilOf(request.until);
  const sink = await openSink(request.output, shell);
  const way = await wayOf(request.signing, shell);
  try {
    const options = { verb: 'assay approve', subject: request.artifact, make: true, key: way?.publicKey };
    await withRegistry(request.registry, shell, options, async (registry) => {
      const approved = await approve({ registry, request, way, until, shell });
      const page = { width: widthOf(shell.stdout), color: wantsColor(shell.stdout, shell.env, request.color) };
      sink.write(request.format === 'json' ? approvedJson(approved) : approvedText(approved, request.quiet, page));
      await sink.commit();
    });
  } finally {
    await way?.close();
  }
}

interface Desk {
  readonly registry: RegistryClient;
  readonly request: ModelApproveRequest;
  readonly way: SigningWay | undefined;
  readonly until: Date | undefined;
  readonly shell: Shell;
}

async function approve(desk: Desk): Promise<ApprovalResult> {
  const { registry, request, shell } = desk;
  refuseWithoutTrust(registry, request.artifact);
  const options = { ...request, trust: request.registry.trust };
  const found = await registeredVersion(registry, request.artifact, options, shell);
  let { version } = found;
  await addTests(registry, version, request, shell);
  const decisions = await registry.decisions(version.id);
  const seen = stagesTo(request.stage, version, registry).map((stage) => decisionFor(decisions, stage));
  for (const decision of seen) await refuseDenied(registry, version, decision);
  await confirm(desk, version, seen);
  const steps: Step[] = [];
  for (const decision of seen) {
    const step = await approveStage(desk, version, decision, steps.length === 0);
    steps.push(step);
    if (step.transition.state !== 'approved') break;
    version = await registry.version({ id: version.id });
  }
  return { registry: registry.name, version, created: found.created, stage: request.stage, steps };
}

/** The only user of a registry approves for staging on the way to production; otherwise each stage is requested separately. */
function stagesTo(stage: Stage, version: Version, registry: RegistryClient): readonly Stage[] {
  return stage === 'production' && version.stage === 'candidate' && isOwnFile(registry) ? ['staging', stage] : [stage];
}

function isOwnFile(registry: RegistryClient): boolean {
  return registry.kind === 'local' && registry.place.folder !== undefined;
}

async function confirm(
  { request, way, shell }: Desk,
  version: Version,
  seen: readonly StoredDecision[],
): Promise<void> {
  if (request.yes || !canAsk(shell)) return;
  const page = { width: widthOf(shell.stderr), color: wantsColor(shell.stderr, shell.env, request.color) };
  shell.stderr.write(requestText(version, seen, way?.who(), page));
  if (await isConfirmed(`Approve it for ${request.stage}?`, shell)) return;
  throw new Refusal('is not approved', { subject: versionLabel(version) });
}

async function approveStage(desk: Desk, version: Version, seen: StoredDecision, isFirst: boolean): Promise<Step> {
  const { registry } = desk;
  const { transition, forNobody } = await openTransition(desk, version, seen.stage);
  if (transition.state !== 'open') return { seen, transition, approval: undefined };
  try {
    return await vote(desk, version, { transition, decision: seen, isFirst });
  } catch (error) {
    // A request that was made only for this approval is not left open.
    if (forNobody && registry.kind === 'local') await registry.withdrawForNobody(transition.id);
    throw error;
  }
}

interface Voted {
  readonly transition: Transition;
  readonly decision: StoredDecision;
  /** An approval before it may have changed what is decided. */
  readonly isFirst: boolean;
}

async function vote(desk: Desk, version: Version, { transition, decision: seen, isFirst }: Voted): Promise<Step> {
  const { registry, request, until } = desk;
  const attestation = await signed(desk, version, seen);
  await keepFirstKey(registry, desk.shell);
  const { role, comment } = request;
  const after = await registry.vote(transition.id, {
    vote: 'approve',
    comment,
    ...(role === undefined ? {} : { role }),
    ...(attestation === undefined ? {} : { attestation }),
    ...(until === undefined ? {} : { until }),
    seen: {
      policyDigest: seen.decision.policyDigest,
      rulesetDigest: seen.ruleset.digest,
      ...(isFirst ? { decision: seen.id } : {}),
    },
  });
  const id = after.votes.at(-1)?.approval;
  const approval = (await registry.approvals(version.id)).find((one) => one.id === id);
  return { seen, transition: after, approval };
}

interface JobRequest {
  readonly transition: Transition;
  readonly forNobody: boolean;
}

/** The request that is open; a new one when nobody had it. */
async function openTransition(
  { registry, request }: Desk,
  version: Version,
  stage: StoredDecision['stage'],
): Promise<JobRequest> {
  const subject = versionLabel(version);
  const open = await openRequest(registry, version);
  if (open !== undefined && open.to !== stage) {
    throw new Refusal(`is asked for ${open.to}, not for ${stage}`, { subject, hint: 'approve or reject that first' });
  }
  if (open === undefined && registry.kind === 'local' && isOwnFile(registry)) {
    const why = `nobody had requested it when ${registry.who} approved it`;
    return { transition: await registry.requestForNobody(version.id, stage, why), forNobody: true };
  }
  const own = open === undefined;
  const transition = open ?? (await registry.requestTransition(version.id, stage, request.comment || REQUEST_COMMENT));
  const isOwn = own || (registry.kind === 'local' && transition.requestedBy === registry.who);
  if (!isOwn || transition.state !== 'open') return { transition, forNobody: false };
  throw new Refusal(`you requested ${stage}${own ? ' just now' : ''}, and a requester cannot approve`, {
    subject,
    hint: `let somebody else run: assay approve ${subject} --stage ${stage}`,
  });
}

/** The signed approval: these bytes, for the stage, under the policy and the ruleset that were shown. */
async function signed({ way, until }: Desk, version: Version, seen: StoredDecision): Promise<string | undefined> {
  if (way === undefined) return undefined;
  const { decision, stage, ruleset, suite = null } = seen;
  if (!isRuled(stage)) throw new AssayError('internal', `nobody approves for ${stage}`);
  const statement = createStatement('approval', {
    subjects: subjectsOf({ pinned: version.ref, tree: version.digest }),
    stage,
    at: new Date(),
    policy: { name: decision.policy, digest: decision.policyDigest },
    ruleset,
    suite,
    ...(until === undefined ? {} : { until }),
  });
  try {
    return JSON.stringify(await signStatement(statement, way.signer));
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    const hint = 'use another reference or policy';
    throw new AssayError('usage', `nobody could read this approval: ${cause.message}`, { hint, cause });
  }
}
