export { fillHooks } from './hooks.ts';
export { storageOddities } from './legacy.ts';
export { readStorageId, type StorageClaim } from './storage.ts';
export { TORCH_CONTRACTS } from './torch.ts';
