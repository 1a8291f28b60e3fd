import type { GraphValue } from '../../formats/onnx/index.ts';
import { labelCount } from '../estimator/index.ts';
import type { PlannedOutput } from '../onnx-source/index.ts';
import type { ClassPrediction, Prediction } from './matrix.ts';
import type { Operators } from './operators.ts';

/** Makes what a model predicts the outputs of the graph, and describes them. */
export class GraphOutputs {
  readonly list: PlannedOutput[] = [];
  readonly #ops: Operators;

  constructor(ops: Operators) {
    this.#ops = ops;
  }

  prediction(prediction: Prediction): void {
    const ops = this.#ops;
    switch (prediction.kind) {
      case 'classes':
        this.#classes(prediction);
        break;
      case 'values':
        this.reals('variable', 'values', prediction.values, prediction.width);
        break;
      case 'outliers': {
        const inside = ops.op('GreaterOrEqual', [prediction.decision, ops.real(0)]);
        const marks = ops.where(inside, ops.ints([1]), ops.ints([-1]));
        this.#label(ops.op('Squeeze', [marks, ops.ints([1])]), 'int64');
        this.reals('decision', 'decision', prediction.decision, 1);
        break;
      }
      case 'clusters': {
        this.#label(ops.best(prediction.scores), 'int64');
        const { distances, probabilities, count } = prediction;
        if (distances !== undefined) this.reals('distances', 'transformed', distances, count);
        if (probabilities !== undefined) this.reals('probabilities', 'probabilities', probabilities, count);
        break;
      }
    }
  }

  #classes({ labels, scores, probabilities, decision }: ClassPrediction): void {
    const ops = this.#ops;
    this.#label(ops.labelOf(scores, labels), labels.kind === 'texts' ? 'string' : 'int64');
    const count = labelCount(labels);
    if (probabilities !== undefined) this.reals('probabilities', 'probabilities', probabilities, count);
    else if (decision !== undefined) this.reals('decision', 'decision', decision, count === 2 ? 1 : count);
  }

  #label(value: GraphValue, type: 'int64' | 'string'): void {
    this.#ops.graph.output('label', value, type, ['batch']);
    this.list.push({ name: 'label', role: 'label', type, shape: ['batch'] });
  }

  reals(name: string, role: PlannedOutput['role'], value: GraphValue, width: number): void {
    const shape = ['batch', width];
    this.#ops.graph.output(name, this.#ops.cast(value, 'float32'), 'float32', shape);
    this.list.push({ name, role, type: 'float32', shape });
  }
}
