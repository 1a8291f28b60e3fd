export { type Distance, distanceBetween } from './distributions.ts';
