/** Networks that become ONNX, but not a SavedModel, by their paths: TensorFlow, or the translation, lacks what they do. */
const REFUSED: readonly (readonly [name: RegExp, why: RegExp])[] = [
  [/\/pool-max-dilated\.pt$/, /MaxPool .* has dilations, which TensorFlow lacks/],
];

/** Why a network has no SavedModel; undefined for one that has. */
export function refusalOf(name: string): RegExp | undefined {
  return REFUSED.find(([names]) => names.test(name))?.[1];
}
