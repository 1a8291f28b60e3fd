import type { Interest } from './interest.ts';

/** Documents that make a program run code, or install it, by their name alone. */
const ARMING_NAMES =
  /(?:^|[/!])(?:MAR-INF\/MANIFEST\.json|MLmodel|pickle_module_info\.txt|adapter_config\.json|model-settings\.json|model_index\.json|modules\.json|bento(?:file)?\.ya?ml|pyproject\.toml|setup\.cfg|[\w.-]*requirements?[\w.-]*\.(?:txt|in)|(?:conda|environment|python_env)\.ya?ml|pipfile|[^/!]*\.ipynb)$/i;
const ARMING_INTERESTS: readonly Interest[] = ['format.hub-config.scan', 'format.mar.scan', 'format.mlflow.scan'];

export function isPython(kind: string, name: string): boolean {
  return kind === 'python' || /\.pyw?$/i.test(name);
}

/** Whether a document may make a loader run code: by its path, or by what was found in it. */
export function mayArm(kind: string, path: string, interests: Iterable<Interest>): boolean {
  if (ARMING_NAMES.test(path)) return true;
  return kind === 'json' && [...interests].some((one) => ARMING_INTERESTS.includes(one));
}
