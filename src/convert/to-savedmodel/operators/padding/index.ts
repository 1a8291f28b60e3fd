export { mirrored, type PadAmounts, padWith } from './padding.ts';
