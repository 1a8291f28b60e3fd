export { dataBaseline, keepDataBaseline } from './baselines.ts';
