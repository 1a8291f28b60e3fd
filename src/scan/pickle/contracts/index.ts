import type { Contract } from './contract.ts';
import { PYTHON_CONTRACTS } from './python.ts';
import { SCIENTIFIC_CONTRACTS } from './scientific.ts';
import { TORCH_CONTRACTS } from './torch.ts';

/**
 * By "module:name", as the stream writes it: what the arguments of a listed function must keep to. A listed function that is
 * not here takes constants, listed values and what other calls returned.
 */
export const CONTRACTS: ReadonlyMap<string, Contract> = new Map([
  ...PYTHON_CONTRACTS,
  ...TORCH_CONTRACTS,
  ...SCIENTIFIC_CONTRACTS,
]);

/** Functions that call the one that they are given first, under a contract of their own. */
export const CALLERS: ReadonlySet<string> = new Set([
  'torch._tensor:_rebuild_from_type_v2',
  'dill._dill:_create_array',
]);

/** Once a stream names one of these, its dicts are kept: contracts read them. */
export const READS_DICTS: ReadonlySet<string> = new Set([
  'numpy.dtype',
  'torch._tensor._rebuild_from_type_v2',
  'torch._utils._rebuild_parameter_with_state',
]);
