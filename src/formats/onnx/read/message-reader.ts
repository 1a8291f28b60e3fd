import { ProtoMessageReader } from '../../protobuf/index.ts';
import type { OnnxExternalData } from '../model.ts';

/** Bytes outside of the model that it names. */
export interface ExternalReference {
  readonly tensor: string;
  readonly at: OnnxExternalData;
  /** The tensor is said to lie in the model itself: runtimes look past the reference. */
  readonly ignored: boolean;
}

/** The state of the reading of a model, with the other files that its tensors name. */
export class MessageReader extends ProtoMessageReader {
  readonly external: ExternalReference[] = [];
}
