import type { Action, Assessment, Verdict } from '../../../core/assessment/index.ts';
import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { decide, loadPolicy, SHIPPED_POLICIES } from '../../../policy/index.ts';
import { RULES } from '../../../scan/rules/index.ts';
import { readReported } from '../../judging/index.ts';
import type { ScanReport } from './report.ts';
import type { AttestationInput } from './request.ts';

type Request = Extract<AttestationInput, { type: 'decision' }>;

/** From the worst. */
const VERDICTS: readonly Verdict[] = ['malicious', 'unknown', 'suspicious', 'not-assessed', 'clean'];
const FAIL_ON = /^fail-on\./;

/**
 * The decision of a report's policy on what the report says of its files: never the one that it states, which anybody can edit.
 * @throws AssayError `mismatch` for a report whose parts contradict each other, or that was decided otherwise
 */
export async function decidedAgain(
  report: ScanReport,
  { report: path, policy: given, environment }: Request,
  now: Date,
): Promise<Action> {
  const subject = `--report ${path}`;
  const { assessment, waivers } = await readDocument(path, '--report', readReported);
  checkVerdicts(assessment, subject);
  const policy = await loadPolicy(given ?? shippedName(report, subject));
  if (policy.digest !== report.decision.policyDigest) {
    throw new AssayError('mismatch', `was decided by another policy than ${policy.name} is now`, {
      subject,
      hint: 'scan again, or give the policy of the report with --policy',
    });
  }
  const made = decide(assessment, { policy, waivers, environment, now });
  const action = report.status === 'incomplete' ? 'deny' : made.action;
  const stated = report.status === 'incomplete' ? 'deny' : report.decision.action;
  // --fail-on asks for more than the policy.
  const bySeverity = report.decision.violations.some(({ rule }) => FAIL_ON.test(rule));
  if (action === stated || (stated === 'deny' && bySeverity)) return stated;
  const [why] = made.violations;
  const because = why === undefined ? '' : ` (${why.rule}: ${why.message})`;
  throw new AssayError('mismatch', `says ${stated}, but its files give ${action}${because}`, {
    subject,
    hint: 'scan again; give --stage and --label as the scan had them. A decision with approvals or attested tests is made by a registry',
  });
}

/** A policy of the organisation is a file, and a report does not hold its place. */
function shippedName({ decision }: ScanReport, subject: string): string {
  if (SHIPPED_POLICIES.some(({ name }) => name === decision.policy)) return decision.policy;
  throw new AssayError('usage', `was decided by ${decision.policy}, which is not a shipped policy`, {
    subject,
    hint: 'give its file with --policy',
  });
}

/** What a finding makes of its file, no report takes back. @throws AssayError `mismatch` */
function checkVerdicts({ files, findings }: Assessment, subject: string): void {
  const verdicts = new Map(files.map(({ path, verdict }) => [path, verdict]));
  for (const { ruleId, file } of findings) {
    const led = RULES.get(ruleId)?.verdict ?? 'none';
    const verdict = verdicts.get(file);
    if (led === 'none' || verdict === undefined || VERDICTS.indexOf(verdict) <= VERDICTS.indexOf(led)) continue;
    throw new AssayError('mismatch', `says that ${file} is ${verdict}, but its finding ${ruleId} makes it ${led}`, {
      subject,
      hint: 'scan again',
    });
  }
}
