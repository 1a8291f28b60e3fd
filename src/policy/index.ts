export type { Approval } from './approval.ts';
export type { CompiledPolicy } from './compile.ts';
export { type DecideOptions, decide } from './decide.ts';
export type { Environment } from './environment.ts';
export { loadPolicy } from './load.ts';
export { DEFAULT_POLICY, SHIPPED_POLICIES, type ShippedPolicy } from './shipped.ts';
