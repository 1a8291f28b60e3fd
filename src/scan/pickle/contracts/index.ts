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
