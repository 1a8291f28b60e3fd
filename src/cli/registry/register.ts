import type { LocalRegistry, RegistryClient } from '../../client/index.ts';
import type { Assessment } from '../../core/assessment/index.ts';
import { readDocument } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import {
  loadKnowledge,
  refuseUnread,
  refuseWaiversFrom,
  refuseWithoutModel,
  signatureRequest,
  trustFiles,
} from '../../pipeline/judging/index.ts';
import type { Version } from '../../registry/index.ts';
import { readReported } from '../judging/index.ts';
import { Progress, type Shell } from '../terminal/index.ts';
import type { RegisteredVersion, RegisterOptions } from './registered.ts';
import { knownVersion, modelNameOf, onlyVersion, targetOf } from './target.ts';

/**
 * The version that is meant, registered when it is not known: a registry of this machine is given what a scan says now, a service
 * scans for itself.
 * @throws AssayError, RegistryError
 */
export async function registeredVersion(
  registry: RegistryClient,
  text: string,
  options: RegisterOptions,
  shell: Shell,
): Promise<RegisteredVersion> {
  const target = targetOf(text);
  if (target.kind !== 'artifact') {
    refuseReport(options, `${text} names a version that is registered`);
    const version = await knownVersion(registry, text, options, shell);
    if (registry.kind === 'local') await registry.decideAgain(version.id);
    return { version, created: false };
  }
  if (registry.kind === 'local') {
    const found = await registerHere(registry, target.ref, options, shell);
    if (!found.created) await registry.decideAgain(found.version.id);
    return found;
  }
  refuseReport(options, 'a service scans for itself');
  const { registerThere } = await import('./submit.ts');
  return registerThere(registry, target.ref, options, shell);
}

function refuseReport({ report }: RegisterOptions, why: string): void {
  if (report === undefined) return;
  throw new AssayError('usage', `cannot be used: ${why}`, { subject: `--report ${report}`, hint: 'leave it out' });
}

async function registerHere(
  registry: LocalRegistry,
  ref: string,
  options: RegisterOptions,
  shell: Shell,
): Promise<RegisteredVersion> {
  const assessment =
    options.report === undefined ? await scanned(ref, options, registry, shell) : await reported(ref, options.report);
  const { digest } = assessment.artifact;
  const likely = options.model ?? modelNameOf(ref);
  const known = digest === null ? [] : await registry.versionsOf({ digest });
  const version = onlyVersion(known, ref, options.model, likely);
  if (version !== undefined && options.report === undefined && (await isKnown(registry, version, assessment))) {
    return { version, created: false };
  }
  return registry.register(version?.model ?? likely, assessment);
}

/** Whether another look would tell the registry nothing: judged by the same rules, and asked for by the same reference. */
async function isKnown(registry: LocalRegistry, version: Version, { artifact, ruleset }: Assessment): Promise<boolean> {
  const newest = await registry.newestAssessment(version.id);
  const isPath = parseReference(artifact.pinned).kind === 'path';
  return newest?.ruleset.digest === ruleset.digest && (isPath || version.pinned.includes(artifact.pinned));
}

async function scanned(
  ref: string,
  { allow, trust, quiet, offline }: RegisterOptions,
  { place }: LocalRegistry,
  shell: Shell,
): Promise<Assessment> {
  const trusts = trust === undefined ? {} : { trust };
  const files = [
    ...(await trustFiles(trusts, shell.env)),
    ...(allow === undefined ? [] : [{ option: '--allow', path: allow }]),
    ...(place.rules === null ? [] : [{ option: '--rules', path: place.rules }]),
    ...(place.folder === undefined ? [] : [{ option: '--registry', path: place.name }]),
  ];
  await refuseWaiversFrom(ref, files, shell.env);
  const knowledge = await loadKnowledge(allow, 'installed', shell.env);
  const progress = new Progress(shell, !quiet);
  try {
    const assessment = await knowledge.judge(ref, {
      signal: shell.signal,
      onEvent: progress.onEvent,
      offline,
      // Whose approvals count need not be who signs models.
      signature: await signatureRequest(trusts, shell.env, true),
    });
    refuseUnread(assessment);
    refuseWithoutModel(assessment);
    return assessment;
  } finally {
    progress.end();
  }
}

/** @throws AssayError `mismatch` when the report is of something else */
async function reported(ref: string, path: string): Promise<Assessment> {
  const { assessment } = await readDocument(path, '--report', readReported);
  const { artifact } = assessment;
  if (artifact.ref === ref || artifact.pinned === ref) return assessment;
  throw new AssayError('mismatch', `is about ${artifact.ref}, not about ${ref}`, {
    subject: `--report ${path}`,
    hint: 'give the artifact as it was scanned, or scan it again',
  });
}
