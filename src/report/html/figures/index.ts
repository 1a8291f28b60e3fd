export { figuresBlock } from './figures.ts';
