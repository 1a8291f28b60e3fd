export { surveyOrt } from './ort.ts';
export { type SurveyResult, surveyOnnx } from './read.ts';
export type {
  CustomNode,
  ExternalTensor,
  FreeText,
  HiddenContent,
  OnnxFault,
  OnnxSurvey,
  OperatorUse,
  OpsetImport,
  SurveyedFunction,
} from './survey.ts';
