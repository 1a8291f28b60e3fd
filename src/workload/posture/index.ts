export type { PostureKnowledge } from './knowledge.ts';
export { pointedAt } from './places.ts';
export { readPostures } from './read-postures.ts';
export type {
  ContainerPosture,
  ImageApproval,
  Posture,
  PostureException,
  PostureProblem,
} from './result.ts';
export { runKeys } from './run-key.ts';
export { templateKeys } from './template-keys.ts';
