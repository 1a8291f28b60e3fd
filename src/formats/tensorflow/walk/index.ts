export type { EncodingFault } from './decode.ts';
export {
  type FieldBytes,
  fieldMessage,
  fieldMessages,
  fieldNumber,
  fieldText,
  fieldTexts,
  isMessage,
  type MessageValue,
  type ProtoMessage,
} from './message.ts';
export { type TfRoot, type TfVisitor, walkTensorflow } from './walk.ts';
