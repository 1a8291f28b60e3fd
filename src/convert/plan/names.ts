/** The names that Hugging Face libraries look for, by the name of the file with pickles. */
const KNOWN: Readonly<Record<string, string>> = { 'pytorch_model.bin': 'model' };
const EXTENSION =
  /\.(?:pt|pt2|pth|pth\.tar|bin|ckpt|pkl|pickle|joblib|sav|npy|npz|pdparams|pdopt|pdiparams|msgpack|tar|model|json|ubj|cbm|txt|h5|hdf5|keras|pb|graphdef)$/i;

/**
 * The name of the file that a file becomes.
 * @example convertedName('unet/diffusion_pytorch_model.bin', 'safetensors') // 'unet/diffusion_pytorch_model.safetensors'
 */
export function convertedName(path: string, extension: 'safetensors' | 'onnx'): string {
  return `${stemOf(path)}.${extension}`;
}

/**
 * The file of the SavedModel that a file becomes, which is a folder.
 * @example savedModelName('models/churn.joblib') // 'models/churn/saved_model.pb'
 */
export function savedModelName(path: string): string {
  return `${stemOf(path)}/saved_model.pb`;
}

function stemOf(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.slice(0, slash), path.slice(slash)];
  const stem = (Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined) ?? name.replace(EXTENSION, '');
  return `${folder}${stem === '' ? name : stem}`;
}
