/** How the operator shares workers among tenants. */
export interface TenantShares {
  /** Of jobs that start, while several tenants wait: a tenant with 2 starts twice as many as one with 1, which is the default. */
  readonly weights: ReadonlyMap<string, number>;
  /** Jobs of a tenant that run at a time, on all workers. */
  readonly maxRunning: ReadonlyMap<string, number>;
  /** The same of every other tenant; `null`: no ceiling. */
  readonly maxRunningOfOthers: number | null;
}

export const EQUAL_SHARES: TenantShares = { weights: new Map(), maxRunning: new Map(), maxRunningOfOthers: null };
