import { quotedName } from '../../core/index.ts';
import type { ExternalTensor, OnnxSurvey } from '../../formats/onnx/survey/index.ts';
import { resolveLocation } from '../paths/index.ts';
import { leaveUnjudged, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { EXTERNAL_ODD, EXTERNAL_PATH } from './rules.ts';

/** A file for each tensor is usual; more tensors than this are not. */
const MAX_FILES = 20_000;

interface Place {
  start: number;
  end: number;
  readonly tensor: ExternalTensor;
}

/** Judges where tensors lie that are not in the model, and tells which bytes of which files of the artifact they are. */
export function judgeExternal(survey: OnnxSurvey, target: ScanTarget, context: ScanContext): void {
  const places = new Map<string, Place[]>();
  for (const tensor of survey.external) {
    for (const path of judgeLocations(tensor, context)) {
      const place = placeOf(tensor, path, context);
      const known = places.get(path);
      if (place === undefined) continue;
      if (known === undefined) places.set(path, [place]);
      else known.push(place);
    }
  }
  if (target.member !== undefined && places.size > 0) {
    leaveUnjudged(
      context,
      'format.onnx.external-data',
      'Tensors of the model are in other files, and the model is in an archive: unpack it, and scan the folder.',
    );
    return;
  }
  if (places.size > MAX_FILES) {
    context.incomplete(`tensors of the model are in more than ${MAX_FILES} files`);
    return;
  }
  const folder = target.file.slice(0, target.file.lastIndexOf('/') + 1);
  for (const [path, own] of places) {
    const file = `${folder}${path}`;
    if (file === target.file) {
      const message = `The file of tensor ${quotedName(own[0]?.tensor.tensor ?? '')} is the model itself.`;
      context.report({ rule: EXTERNAL_ODD, subject: path, message });
    } else context.refersTo({ path: file, ranges: joined(path, own, context) });
  }
}

/** @returns the paths below the folder of the model that are left */
function judgeLocations(tensor: ExternalTensor, context: ScanContext): string[] {
  const { tensor: name, ignored, offset } = tensor;
  const locations = [...new Set(tensor.locations)];
  const paths: string[] = [];
  if (locations.length === 0 && !ignored) {
    const message = `Tensor ${quotedName(name)} lies outside of the model, and does not say where.`;
    context.report({ rule: EXTERNAL_ODD, subject: name, message, offset });
  }
  if (locations.length > 1) {
    const message = `Tensor ${quotedName(name)} names several files: ${locations.slice(0, 4).map(quotedName).join(', ')}.`;
    context.report({ rule: EXTERNAL_ODD, subject: name, message, offset });
  }
  for (const location of locations) {
    const read = resolveLocation(location);
    if (read.kind === 'inside') {
      // Readers look past the entries of a tensor that lies in the model.
      if (!ignored) paths.push(read.path);
      continue;
    }
    const message = `Tensor ${quotedName(name)} is in the file ${quotedName(location)}, which ${read.why}.`;
    context.report({
      rule: read.kind === 'outside' ? EXTERNAL_PATH : EXTERNAL_ODD,
      subject: location,
      message,
      offset,
    });
  }
  return paths;
}

function placeOf(tensor: ExternalTensor, path: string, context: ScanContext): Place | undefined {
  const { tensor: name, bytes, offset: at } = tensor;
  const odd = (what: string) =>
    context.report({
      rule: EXTERNAL_ODD,
      subject: `${path}:${name}`,
      message: `Tensor ${quotedName(name)} in ${quotedName(path)} ${what}.`,
      offset: at,
    });
  const offset = numberOf(tensor.offsets, '0');
  const length = numberOf(tensor.lengths, String(bytes ?? 0));
  if (offset === undefined || length === undefined) {
    odd('has an offset or a length that is not one plain number');
    return undefined;
  }
  if (bytes === undefined) return undefined;
  if (length !== bytes) odd(`needs ${bytes} bytes, and has ${length}`);
  const end = offset + Math.max(length, bytes);
  return Number.isSafeInteger(end) ? { start: offset, end, tensor } : undefined;
}

/** @returns undefined where readers may take different numbers */
function numberOf(values: readonly string[], absent: string): number | undefined {
  const [text = absent, ...others] = [...new Set(values)];
  const value = Number(text);
  return others.length === 0 && /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

/** The ranges of a file, joined. Tensors share all of their bytes, as tied weights do, or none. */
function joined(path: string, places: Place[], context: ScanContext): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let last: Place | undefined;
  for (const place of places.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const { start, end, tensor } = place;
    if (start === end) continue;
    if (last !== undefined && start < last.end && !(start === last.start && end === last.end)) {
      const message = `Tensors ${quotedName(last.tensor.tensor)} and ${quotedName(tensor.tensor)} share a part of their bytes in ${quotedName(path)}.`;
      context.report({ rule: EXTERNAL_ODD, subject: `${path}:overlap`, message, offset: tensor.offset });
    }
    const range = ranges.at(-1);
    if (range !== undefined && start <= range.end) range.end = Math.max(range.end, end);
    else ranges.push({ start, end });
    if (last === undefined || end >= last.end) last = place;
  }
  return ranges;
}

/** Formats of files that hold tensors and nothing else; what is of no known format may do. */
const DATA_FORMATS: ReadonlySet<string> = new Set([
  'unknown',
  'empty',
  'safetensors',
  'npy',
  'gguf',
  'onnx-data',
  'coreml-weights',
]);

export function isTensorData(format: string): boolean {
  return DATA_FORMATS.has(format);
}
