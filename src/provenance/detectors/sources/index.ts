export { bursts } from './bursts.ts';
export { newContributors } from './contributors.ts';
export { sourceLabels } from './source-labels.ts';
