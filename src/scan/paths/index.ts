export { type Location, resolveLocation } from './locations.ts';
