export { type CompiledPolicy, type DecideOptions, decide, loadPolicy } from './decide.ts';
export type { Environment } from './environment.ts';
export { GATES } from './gates.ts';
export { DEFAULT_POLICY, SHIPPED_POLICIES, type ShippedPolicy } from './shipped.ts';
