import type { BackStep, GradientRule } from '../step.ts';

/** Products of matrices. */
export const LINEAR_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  MatMul: { back: matmul },
  Gemm: { back: gemm },
  Einsum: { back: einsum },
};

function matmul(step: BackStep): void {
  const { ops } = step;
  const names = [step.input(0), step.input(1)] as const;
  const [first, second] = [step.shape(names[0]), step.shape(names[1])];
  let gradient = step.gradient();
  // A vector is a matrix of one row on the left, and of one column on the right, whose axis the result does not have.
  const rank = Math.max(first.length, second.length, 2);
  if (first.length === 0 || second.length === 0) throw step.malformed('a number has no product of matrices');
  // A sum over the rows of a batch mixes them.
  step.size(names[0], first.length - 1);
  if (first.length === 1 && second.length === 1) {
    if (step.isActive(0)) step.give(0, ops.mul(gradient, names[1]));
    if (step.isActive(1)) step.give(1, ops.mul(gradient, names[0]));
    return;
  }
  if (first.length === 1) gradient = ops.unsqueeze(gradient, [rank - 2]);
  if (second.length === 1) gradient = ops.unsqueeze(gradient, [rank - 1]);
  const left = first.length === 1 ? ops.unsqueeze(names[0], [0]) : names[0];
  const right = second.length === 1 ? ops.unsqueeze(names[1], [1]) : names[1];
  if (step.isActive(0)) {
    const product = ops.op('MatMul', [gradient, swapped(step, right, second)]);
    step.give(0, unbatched(step, product, names[0], first, rank));
  }
  if (step.isActive(1)) {
    const product = ops.op('MatMul', [swapped(step, left, first), gradient]);
    step.give(1, unbatched(step, product, names[1], second, rank));
  }
}

function swapped({ ops }: BackStep, matrix: string, shape: readonly number[]): string {
  const perm = Array.from({ length: Math.max(2, shape.length) }, (_, axis) => axis);
  perm.push(...perm.splice(-2).toReversed());
  return ops.transpose(matrix, perm);
}

/** Sums over the axes of matrices that an input was repeated along. */
function unbatched(step: BackStep, product: string, name: string, shape: readonly number[], rank: number): string {
  const { ops } = step;
  const other = step.shape(step.input(0) === name ? step.input(1) : step.input(0));
  const axes: number[] = [];
  for (let axis = 0; axis < rank - 2; axis++) {
    const own = axis - (rank - Math.max(2, shape.length));
    const size = own < 0 ? undefined : shape[own];
    const against = other[axis - (rank - Math.max(2, other.length))];
    if (size === undefined || (size === 1 && against !== undefined && against !== 1)) axes.push(axis);
  }
  const summed = ops.sum(product, axes);
  return shape.length === rank ? summed : ops.reshapeLike(summed, name);
}

function gemm(step: BackStep): void {
  const { ops, attributes } = step;
  const [a, b] = [step.input(0), step.input(1)];
  const [transA, transB] = [attributes.int('transA', 0) !== 0, attributes.int('transB', 0) !== 0];
  step.size(a, transA ? 0 : 1);
  const gradient = step.gradient();
  const scaled = ops.scale(gradient, attributes.float('alpha', 1));
  const product = (x: string, y: string, turnX: boolean, turnY: boolean) =>
    ops.op('Gemm', [x, y], { transA: Number(turnX), transB: Number(turnY) });
  if (step.isActive(0)) step.give(0, transA ? product(b, scaled, transB, true) : product(scaled, b, false, !transB));
  if (step.isActive(1)) step.give(1, transB ? product(scaled, a, true, transA) : product(a, scaled, !transA, false));
  if (step.isActive(2)) step.giveBroadcast(2, ops.scale(gradient, attributes.float('beta', 1)));
}

function einsum(step: BackStep): void {
  const { ops, node } = step;
  const equation = step.attributes.text('equation', '').replaceAll(' ', '');
  const [left = '', given] = equation.split('->');
  const terms = left.split(',');
  if (terms.length !== node.inputs.length || !/^[A-Za-z,]*$/.test(left) || !/^[A-Za-z]*$/.test(given ?? ''))
    throw step.refuse('its equation has parts that are not letters');
  if (terms.some((term) => new Set(term).size !== term.length)) throw step.refuse('its equation takes a diagonal');
  const letters = [...left].filter((letter) => letter !== ',');
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  const result = given ?? once.sort().join('');
  checkSizes(step, terms, result);
  const gradient = step.gradient();
  for (const [index, term] of terms.entries()) {
    if (!step.isActive(index)) continue;
    const others = terms.flatMap((other, at) => (at === index ? [] : [{ term: other, name: step.input(at) }]));
    const known = new Set([result, ...others.map((other) => other.term)].join(''));
    // What only this input has was summed: each number has the same share.
    const alone = [...term].filter((letter) => !known.has(letter));
    const sizes = alone.map((letter) => step.size(step.input(index), term.indexOf(letter)));
    const parts = alone.length === 0 ? [] : [{ term: alone.join(''), name: ops.ones(sizes) }];
    const all = [{ term: result, name: gradient }, ...others, ...parts];
    step.give(
      index,
      ops.op(
        'Einsum',
        all.map(({ name }) => name),
        { equation: `${all.map((one) => one.term).join(',')}->${term}` },
      ),
    );
  }
}

/** A letter may be an axis of one element in some inputs, which is then repeated; the rows of a batch are not summed. */
function checkSizes(step: BackStep, terms: readonly string[], result: string): void {
  const sizes = new Map<string, number>();
  for (const [index, term] of terms.entries()) {
    const shape = step.shape(step.input(index));
    if (shape.length !== term.length) throw step.malformed(`its input ${index + 1} does not have ${term.length} axes`);
    for (const [axis, letter] of [...term].entries()) {
      const size = shape[axis] ?? 0;
      if ((sizes.get(letter) ?? size) !== size) throw step.refuse(`its axis ${letter} has several sizes`);
      sizes.set(letter, size);
      if (!result.includes(letter)) step.size(step.input(index), axis);
    }
  }
}
