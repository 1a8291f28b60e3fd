import { AssayError, DEFAULT_LIMITS } from '../../../../core/index.ts';
import { readExecutorch } from '../../../../formats/executorch/index.ts';
import { readOpenvino } from '../../../../formats/openvino/index.ts';
import { count } from '../../../../report/index.ts';
import type { FormatView } from './listing.ts';

/** A program of ExecuTorch: operators, and the backends to which parts are left. */
export const showExecutorch: FormatView = async (source, listing, budget) => {
  const { operators, delegates, segments, blobs } = await readExecutorch(source, budget, DEFAULT_LIMITS.maxHeaderBytes);
  listing.line(
    count(operators.length, 'operator'),
    count(segments.length, 'segment'),
    count(blobs.length, 'part of a backend', 'parts of backends'),
  );
  listing.list('operators', operators);
  listing.counts('backends', delegates);
};

/** A model of OpenVINO: its layers, by type. */
export const showOpenvino: FormatView = async (source, listing, budget) => {
  if (source.size > DEFAULT_LIMITS.maxHeaderBytes) throw new AssayError('limit', 'too large to be read as XML');
  budget.hold(3 * source.size);
  const text = Buffer.from(await source.read(0, source.size)).toString('utf8');
  const { version, layers, constants } = readOpenvino(text, budget);
  listing.line(`version ${version}`, count(layers.length, 'layer'), count(constants.length, 'constant'));
  listing.counts(
    'layers',
    layers.map(({ set, type }) => (set === '' ? type : `${set}:${type}`)),
  );
};
