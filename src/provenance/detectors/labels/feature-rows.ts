/** Rows of numbers, one behind the other. */
export interface FeatureRows {
  readonly rows: number;
  readonly width: number;
  readonly values: Float32Array;
}
