import { DEFAULT_LIMITS } from '../../../../core/index.ts';
import { readSafetensors } from '../../../../formats/index.ts';
import { count } from '../../../../report/index.ts';
import { type FormatView, type ShownTensor, tensorLine, tensorSum } from './listing.ts';

/** The header: tensors, and the free text beside them. */
export const showSafetensors: FormatView = async (source, listing, budget) => {
  const tensors: ShownTensor[] = [];
  const { metadata, faults } = await readSafetensors(source, DEFAULT_LIMITS.maxHeaderBytes, budget, (entry) => {
    tensors.push({ name: entry.name, type: entry.dtype, shape: entry.shape, bytes: entry.end - entry.start });
  });
  listing.line(count(tensors.length, 'tensor'), ...tensorSum(tensors));
  listing.list(
    'metadata',
    metadata.map(([key, value]) => `${key}: ${value}`),
  );
  listing.list('tensors', tensors.map(tensorLine));
  listing.list(
    'faults',
    faults.map(({ message, offset }) => `${message} (at byte ${offset})`),
  );
};
