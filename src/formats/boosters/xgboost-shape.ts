import { PLAIN_VALUE, type Shape } from './shape.ts';

const numbers = (name: string): Shape => ({ kind: 'numbers', name });
const text = (name: string): Shape => ({ kind: 'text', name });
const object = (fields: Readonly<Record<string, Shape>>, name?: string): Shape =>
  name === undefined ? { kind: 'object', fields } : { kind: 'object', fields, name };

/** Lists of a tree with one value a node, or a value for each output of a node. */
const NODES = ['left_children', 'right_children', 'parents', 'split_indices', 'split_conditions', 'default_left'];
const STATISTICS = ['loss_changes', 'sum_hessian', 'leaf_child_counts', 'split_type', 'base_weights', 'leaf_weights'];
const CATEGORIES = ['categories', 'categories_nodes', 'categories_segments', 'categories_sizes'];

/** One value a node, when the list is there. */
export const NODE_LISTS = [...NODES, 'loss_changes', 'sum_hessian', 'leaf_child_counts', 'split_type'];
export const NEEDED_LISTS = [...NODES, 'base_weights'];

const TREE = object(
  {
    ...Object.fromEntries([...NODES, ...STATISTICS, ...CATEGORIES].map((name) => [name, numbers(`tree.${name}`)])),
    id: PLAIN_VALUE,
    tree_param: object({
      num_nodes: text('tree.num_nodes'),
      num_deleted: text('tree.num_deleted'),
      num_feature: text('tree.num_feature'),
      size_leaf_vector: text('tree.size_leaf_vector'),
    }),
  },
  'tree',
);

/** Names of categories that were met in training: texts as bytes and offsets, or numbers. */
const ENCODING = object(
  { offsets: numbers('encoding.offsets'), values: numbers('encoding.values'), type: PLAIN_VALUE },
  'encoding',
);

const treeModel = (plain: PlainShape) => ({
  gbtree_model_param: object({
    num_trees: text('num_trees'),
    num_parallel_tree: plain('num_parallel_tree'),
    size_leaf_vector: PLAIN_VALUE,
  }),
  trees: { kind: 'list', item: TREE } as const,
  tree_info: numbers('tree_info'),
  iteration_indptr: numbers('iteration_indptr'),
  cats: object({
    enc: { kind: 'list', item: ENCODING },
    feature_segments: numbers('feature_segments'),
    sorted_idx: numbers('sorted_idx'),
  }),
});

const LINEAR_MODEL = { weights: numbers('weights'), boosted_rounds: PLAIN_VALUE, param: PLAIN_VALUE };

const booster = (plain: PlainShape): Shape => {
  const trees = treeModel(plain);
  return object({
    name: text('booster'),
    model: object({ ...trees, ...LINEAR_MODEL }),
    gbtree: object({ name: text('inner'), model: object(trees) }),
    weight_drop: numbers('weight_drop'),
  });
};

const learner = (plain: PlainShape, name?: string): Shape =>
  object(
    {
      attributes: plain('attributes'),
      feature_names: PLAIN_VALUE,
      feature_types: PLAIN_VALUE,
      gradient_booster: booster(plain),
      learner_model_param: object({
        base_score: plain('base_score'),
        boost_from_average: PLAIN_VALUE,
        num_class: text('num_class'),
        num_feature: text('num_feature'),
        num_target: text('num_target'),
      }),
      // Names and settings: unknown ones are errors that XGBoost raises.
      objective: plain('objective'),
      metrics: PLAIN_VALUE,
    },
    name,
  );

/** The shape of what is not used as an index. */
type PlainShape = (name: string) => Shape;

function document(plain: PlainShape, name?: string): Shape {
  const version = name === undefined ? PLAIN_VALUE : numbers('version');
  const model = { learner: learner(plain, name), version };
  return object({ ...model, Config: PLAIN_VALUE, Model: object(model) });
}

/** A model as it is saved, or as it is pickled: with the settings of its training beside it. */
export const XGBOOST: Shape = document(() => PLAIN_VALUE);

/** The same, whose objective, base score and attributes are kept. */
export const XGBOOST_KEPT: Shape = document((name) => ({ kind: 'plain', name }), 'learner');
