export { withExamples } from './with-examples.ts';
