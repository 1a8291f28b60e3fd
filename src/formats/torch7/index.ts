export { newTorch7Facts, readTorch7, type Torch7Facts } from './read.ts';
