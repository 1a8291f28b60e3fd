/** Which globals a pickle may use, and how. Filled in by the pickle scanner. */
export interface GlobalPolicy {
  readonly allowances: number;
}
