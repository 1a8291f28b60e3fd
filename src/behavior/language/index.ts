export { type AnswerMatch, type AnswerProbe, type AnswerResult, probeAnswers } from './answers.ts';
export type { PromptCount } from './counts.ts';
export { type Decoder, decoderOf } from './decoder.ts';
export {
  type Continuation,
  type Continue,
  continuing,
  type Generated,
  type GenerateOptions,
  generate,
} from './generate.ts';
export {
  compareWithRecording,
  type RecordedText,
  type RecordingComparison,
  type RecordingTolerance,
  type TextComparison,
} from './recording.ts';
export { type PhrasePlace, type TriggerDifference, type TriggerRequest, triggerDifference } from './trigger.ts';
