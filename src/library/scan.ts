import type { Severity } from '../core/assessment/index.ts';
import type { OnEvent } from '../core/index.ts';
import type { RulesetChoice } from '../pipeline/index.ts';
import { prepareJudging, type TrustChoice } from '../pipeline/judging/index.ts';
import { DEFAULT_POLICY, type Environment } from '../policy/index.ts';
import type { Judged, ReportContext } from '../report/index.ts';

export interface ScanOptions {
  /** The name of a shipped policy, or the path of a policy; `baseline` when absent. */
  readonly policy?: string;
  /** Denies, too, when a finding is at least this severe. */
  readonly failOn?: Severity;
  /** The path of your organisation's allowances (YAML). */
  readonly allow?: string;
  /** The path of your organisation's advisories about loaders (JSON); that of `ASSAY_ADVISORIES` when absent. */
  readonly advisories?: string;
  /** `installed` (those that `assay rules install` put there, else the built-in ones) when absent. */
  readonly ruleset?: RulesetChoice;
  /** Whose signature is trusted; without it, a signature is reported and not assessed. */
  readonly trust?: TrustChoice;
  /** Paths of waiver files; those of `ASSAY_WAIVERS` when absent. */
  readonly waivers?: readonly string[];
  /** Paths of signed waivers and approvals. */
  readonly attestations?: readonly string[];
  /** The stage for which the artifact is judged. */
  readonly environment?: Environment;
  /** Never opens a connection. */
  readonly offline?: boolean;
  /** Where `HF_TOKEN`, `ASSAY_TRUST`, proxies and their like are read from; the process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/** The assessment of an artifact, the decision, and further data for reports. */
export interface ScanResult extends Judged {
  readonly context: ReportContext;
  /** Whether the ruleset lists a global, `module.name` as Python 3 has it. */
  readonly isListed: (name: string) => boolean;
}

/**
 * Scans an artifact without loading it, and decides as `assay scan` does.
 * @param ref a path, `hf://owner/model[@revision]`, `https://...`, `s3://...`, `oci://...`, `models:/...`
 * @throws AssayError `usage` about options and the files that they name; `not-found` also for a folder that holds no model;
 *   `unreadable`, `unauthorized`, `network`, `refused`, `mismatch`, `limit`, `aborted`, `internal`
 * @example
 * const { assessment, decision } = await scan('./model', { policy: 'strict' });
 * if (decision.action === 'deny' || assessment.status !== 'complete') throw new Error('not allowed');
 */
export async function scan(ref: string, options: ScanOptions = {}): Promise<ScanResult> {
  const env = options.env ?? process.env;
  const { signal, onEvent } = options;
  const { knowledge, judge } = await prepareJudging(
    {
      policy: options.policy ?? DEFAULT_POLICY,
      failOn: options.failOn,
      allow: options.allow,
      advisories: options.advisories,
      ruleset: options.ruleset ?? 'installed',
      offline: options.offline ?? false,
      trust: options.trust ?? {},
      waivers: { waivers: options.waivers ?? [], attestation: options.attestations ?? [] },
      environment: options.environment ?? {},
    },
    env,
  );
  const judged = await judge(ref, {
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return { ...judged, context: { ...knowledge.context, coverage: false }, isListed: knowledge.isListed };
}
