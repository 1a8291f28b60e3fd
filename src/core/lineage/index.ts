export {
  type DataLineage,
  DataLineageSchema,
  EDGE_STATUSES,
  type EdgeStatus,
  type LineageEdge,
  type LineageNode,
  NODE_KINDS,
  type NodeKind,
  type Relation,
} from './graph.ts';
export {
  type AttestedTraining,
  HashedFileSchema,
  INPUT_ROLES,
  type InputRole,
  TRAINING_BUILD_TYPE,
  type TrainingInput,
  type TrainingPredicate,
  TrainingPredicateSchema,
  trainingInputs,
} from './training.ts';
export { writtenBy } from './written.ts';
