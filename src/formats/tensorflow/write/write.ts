import { type ByteSource, PartsSource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { SavedModel } from '../model.ts';
import { savedModelMessage } from './encode.ts';

/** Protocol Buffers count the bytes of a message in 31 bits. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * The bytes of `saved_model.pb`: equal ones for an equal model. Tensors are read only while they are written.
 * @throws AssayError `limit` for a model of 2 GiB and more; `internal` where elements do not fit their dimensions
 */
export function writeSavedModel({ metaGraphs }: SavedModel, maxBytes = MAX_MODEL_BYTES): ByteSource {
  const message = savedModelMessage(metaGraphs);
  if (message.size > Math.min(maxBytes, MAX_MODEL_BYTES))
    throw new AssayError(
      'limit',
      `the SavedModel would have ${message.size} bytes, and its constants all stand in one file`,
      {
        hint: 'a SavedModel holds less than 2 GiB of constants: use --to onnx',
      },
    );
  return new PartsSource(message.parts(), 'saved_model.pb');
}
