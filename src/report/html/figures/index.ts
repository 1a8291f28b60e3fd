export { figuresBlock } from './figures.ts';
export { numberText } from './scale.ts';
