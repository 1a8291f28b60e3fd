export interface ReproFlags {
  readonly output?: string;
  readonly member?: string;
  readonly offline: boolean;
}
