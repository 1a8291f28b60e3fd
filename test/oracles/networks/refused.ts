/** Networks that become ONNX, but not a SavedModel, by their paths: TensorFlow, or the translation, lacks what they do. */
const REFUSED: readonly (readonly [name: RegExp, why: RegExp])[] = [
  [/^torch-modules\/.*\/transposed2d\.pt$/, /ConvTranspose .* has dilations/],
  [/^torch-modules\/.*\/transposed3d\.pt$/, /ConvTranspose .* three dimensions/],
  [/\/pool-max-dilated\.pt$/, /MaxPool .* has dilations/],
  [/\/shape-bicubic\.pt$/, /Resize .* no cubic interpolation/],
  [/\/shape-bilinear\.pt$/, /Resize .* not a whole number/],
  [/\/shape-constant-pad\.pt$/, /Pad .* cuts off what it should pad/],
  [/\/shape-linear\.pt$/, /Resize .* resizes 1 dimensions/],
  [/\/shape-replication\.pt$/, /Pad .* mode is edge/],
  [/\/shape-trilinear\.pt$/, /Resize .* resizes 3 dimensions/],
  [/^keras\/.*\/shapes-3d\./, /Resize .* resizes 3 dimensions/],
  [/^keras\/(?:2\.15\.0|3\.15\.1)\/shapes\./, /Resize .* resizes 1 dimensions/],
];

/** Why a network has no SavedModel; undefined for one that has. */
export function refusalOf(name: string): RegExp | undefined {
  return REFUSED.find(([names]) => names.test(name))?.[1];
}
