export { type ComparedTensor, compareWeights, type WeightComparison } from './compare.ts';
export { digestOfTensor } from './digest.ts';
export { hasReadableNumbers, tensorNumbers, type WeightSource } from './numbers.ts';
