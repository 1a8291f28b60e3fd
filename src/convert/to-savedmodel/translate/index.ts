export { savedModelOf } from './model.ts';
