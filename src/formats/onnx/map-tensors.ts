import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxTraining,
} from './model.ts';

type MapTensor = (tensor: OnnxTensor) => OnnxTensor;

/** The model with each of its tensors replaced, wherever it stands: subgraphs, functions and training included. */
export function mapTensors(model: OnnxModel, map: MapTensor): OnnxModel {
  return {
    ...model,
    graph: mapGraph(model.graph, map),
    functions: model.functions.map((one) => mapFunction(one, map)),
    training: model.training.map((one) => mapTraining(one, map)),
  };
}

function mapGraph(graph: OnnxGraph, map: MapTensor): OnnxGraph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => mapNode(node, map)),
    initializers: graph.initializers.map(map),
    sparseInitializers: graph.sparseInitializers.map((sparse) => mapSparse(sparse, map)),
  };
}

function mapNode(node: OnnxNode, map: MapTensor): OnnxNode {
  return { ...node, attributes: node.attributes.map((attribute) => mapAttribute(attribute, map)) };
}

function mapFunction(one: OnnxFunction, map: MapTensor): OnnxFunction {
  return {
    ...one,
    nodes: one.nodes.map((node) => mapNode(node, map)),
    defaults: one.defaults.map((attribute) => mapAttribute(attribute, map)),
  };
}

function mapTraining(one: OnnxTraining, map: MapTensor): OnnxTraining {
  return {
    ...one,
    initialization: one.initialization === undefined ? undefined : mapGraph(one.initialization, map),
    algorithm: one.algorithm === undefined ? undefined : mapGraph(one.algorithm, map),
  };
}

function mapSparse({ values, indices, dims }: OnnxSparseTensor, map: MapTensor): OnnxSparseTensor {
  return { values: map(values), indices: map(indices), dims };
}

function mapAttribute(attribute: OnnxAttribute, map: MapTensor): OnnxAttribute {
  switch (attribute.type) {
    case 'tensor':
      return { ...attribute, value: map(attribute.value) };
    case 'tensors':
      return { ...attribute, value: attribute.value.map(map) };
    case 'graph':
      return { ...attribute, value: mapGraph(attribute.value, map) };
    case 'graphs':
      return { ...attribute, value: attribute.value.map((graph) => mapGraph(graph, map)) };
    case 'sparse-tensor':
      return { ...attribute, value: mapSparse(attribute.value, map) };
    case 'sparse-tensors':
      return { ...attribute, value: attribute.value.map((sparse) => mapSparse(sparse, map)) };
    default:
      return attribute;
  }
}
