export { answerStore } from './answers.ts';
