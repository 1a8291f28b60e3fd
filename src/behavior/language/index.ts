export { type AnswerMatch, type AnswerProbe, type AnswerResult, finderOf, probeAnswers } from './answers.ts';
export type { PromptCount } from './counts.ts';
export { type Decoder, decoderOf } from './decoder.ts';
export { firstTokens } from './first-tokens.ts';
export {
  type Continuation,
  type Continue,
  type ContinuingOptions,
  continuing,
  type Generated,
  type GenerateOptions,
  generate,
} from './generate.ts';
export { isDecoder } from './ports.ts';
export { recordTexts } from './record.ts';
export {
  compareWithRecording,
  type RecordedText,
  type RecordingComparison,
  type RecordingTolerance,
  type TextComparison,
} from './recording.ts';
export { type RecordedSettings, recordedTexts } from './recording-file.ts';
export {
  type CommonText,
  type PhrasePlace,
  type TriggerDifference,
  type TriggerRequest,
  triggerDifference,
} from './trigger.ts';
