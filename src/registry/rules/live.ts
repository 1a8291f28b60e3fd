import { createHash } from 'node:crypto';
import type { RegistryRules } from '../registry.ts';
import { loadRegistryRules } from './rules.ts';

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

function printOf(rules: RegistryRules): string {
  const asked = Object.entries(rules).map(([stage, { policy, approvals, methods }]) => {
    return [stage, policy.digest, approvals.map(({ role, count }) => [role, count]), methods];
  });
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
