export { digestOfTensor } from './digest.ts';
export { hasReadableNumbers, tensorNumbers, type WeightSource } from './numbers.ts';
