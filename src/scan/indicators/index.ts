export { searchIndicators } from './search.ts';
