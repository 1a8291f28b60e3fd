import { createHash } from 'node:crypto';
import type { RegistryRules } from '../registry.ts';
import { loadRegistryRules } from './rules.ts';
import { RULED_STAGES } from './stage-machine.ts';

/** The rules of a registry, which can change while it runs: an open registry uses the newest. */
export interface LiveRules {
  readonly rules: RegistryRules;
  /** Hex SHA-256 over the rules, including the policies. */
  readonly print: string;
  /**
   * Reads the files again. Unreadable files change nothing. @returns whether the rules changed
   * @throws AssayError as `loadRegistryRules`
   */
  reload(): Promise<boolean>;
}

/** @throws AssayError as `loadRegistryRules` */
export async function openLiveRules(path: string | null): Promise<LiveRules> {
  let current = await loadRegistryRules(path);
  let print = printOf(current);
  return {
    rules: {
      get candidate() {
        return current.candidate;
      },
      get staging() {
        return current.staging;
      },
      get production() {
        return current.production;
      },
      get suites() {
        return current.suites;
      },
    },
    get print() {
      return print;
    },
    async reload() {
      const next = await loadRegistryRules(path);
      const other = printOf(next);
      if (other === print) return false;
      current = next;
      print = other;
      return true;
    },
  };
}

/** The rules as they are now: newer ones leave them as they are. What is decided in several steps uses the same rules in each. */
export function steadyRules({ candidate, staging, production, suites }: RegistryRules): RegistryRules {
  return { candidate, staging, production, suites };
}

/** Hex SHA-256 over the rules, including the policies. */
export function printOf(rules: RegistryRules): string {
  const asked = RULED_STAGES.map((stage) => {
    const { policy, approvals, methods } = rules[stage];
    return [stage, policy.digest, approvals.map(({ role, count }) => [role, count]), methods];
  });
  const suites = [...rules.suites].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([asked, suites]))
    .digest('hex');
}
