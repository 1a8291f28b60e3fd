import { AssayError } from '../../core/index.ts';

/** Who has a model, for errors: an estimator, or the file itself. */
export interface BoosterOwner {
  readonly name: string;
  /** An error of a model that cannot be converted. */
  refuse(why: string, hint?: string): AssayError;
  /** An error of a model that contradicts itself. */
  broken(what: string): AssayError;
}

export function fileOwner(name: string, path: string): BoosterOwner {
  return {
    name,
    refuse: (why, hint = 'convert it in Python (onnxmltools), in a sandbox, and scan the result') =>
      new AssayError('unsupported', `${name} is not converted: ${why}`, { subject: path, hint }),
    broken: (what) => new AssayError('malformed', `${name} contradicts itself: ${what}`, { subject: path }),
  };
}
