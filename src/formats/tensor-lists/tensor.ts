/** A tensor of a file of tensors one after another: where what describes it begins, and where its elements are. */
export interface ListedTensor {
  readonly head: number;
  readonly start: number;
  readonly end: number;
}
