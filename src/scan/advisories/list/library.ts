/** A library and its version, as a file of an artifact declares them. */
export interface DeclaredLibrary {
  /** As PyPI normalizes names; `R` for R. */
  readonly library: string;
  readonly version: string;
  /** `pins`: installing what the artifact asks for gets this version. `saved`: this version wrote the file. */
  readonly how: 'pins' | 'saved';
}
