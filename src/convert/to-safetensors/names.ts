/** The names that Hugging Face libraries look for, by the name of the file with pickles. */
const KNOWN: Readonly<Record<string, string>> = {
  'pytorch_model.bin': 'model.safetensors',
  'flax_model.msgpack': 'flax_model.safetensors',
};
const EXTENSION = /\.(?:pt|pth|pth\.tar|bin|ckpt|pkl|pickle|joblib|npy|npz|pdparams|pdopt|pdiparams|msgpack|tar)$/i;

/**
 * The name of the safetensors file made from a file.
 * @example outputName('unet/diffusion_pytorch_model.bin') // 'unet/diffusion_pytorch_model.safetensors'
 */
export function outputName(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.slice(0, slash), path.slice(slash)];
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (known !== undefined) return folder + known;
  const stem = name.replace(EXTENSION, '');
  return `${folder}${stem === '' ? name : stem}.safetensors`;
}
