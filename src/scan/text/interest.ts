import { leaveUnjudged, type ScanContext } from '../scanner/index.ts';

/** Why a text is more than data: the check that a scanner of it would answer. */
export const INTERESTS = {
  'format.hub-config.scan':
    'names code for a loader to import (auto_map, custom pipelines or modules, trust_remote_code)',
  'format.chat-template.scan':
    'holds a chat template, which is a program that loaders run, and it could not be proved harmless',
  'format.hydra-config.scan': 'names a function for Hydra to call (_target_)',
  'format.instantiation.scan':
    'has keys with which loaders make objects (class, type, target, init_args, ...) or functions that settings call',
  'format.settings.scan':
    'has sections or keys from which a library makes functions and objects (@, handlers, loggers)',
  'format.yaml.scan': 'is not valid YAML to its end, or YAML parsers read it in different ways',
  'format.site-file.scan':
    'is a path file: in a site-packages folder, Python adds its lines to the folders that it imports from',
  'format.text.scan':
    'is text whose name does not tell which program reads it, and is neither prose nor a list of words',
  'format.keras-config.scan': 'describes Keras objects, which may hold code or name any module',
  'format.tensorflow-js.scan': 'describes a model of TensorFlow.js, and was not judged to its end',
  'format.xgboost-json.scan': 'is an XGBoost model in JSON, and was not read to its end',
  'format.catboost-json.scan': 'is a CatBoost model in JSON, and was not read to its end',
  'format.lightgbm.scan': 'holds trees of a LightGBM model, and does not begin as one',
  'format.object-json.scan': 'describes Python objects for a library to rebuild',
  'format.mlflow.scan': 'names a module for MLflow to load the model with',
  'format.onnx-json.scan': 'is an ONNX model written as JSON, which may name files outside of it and custom operators',
  'format.mar.scan': 'names a handler for TorchServe to run',
  'format.source-code.scan': 'is source code',
  'format.requirements.scan': 'lists packages to install, perhaps from another registry than the usual one',
  'format.yaml-tags.scan': 'holds YAML tags or escapes that build Python objects in unsafe loaders',
  'format.xml-entities.scan':
    'declares XML entities, a document type, inclusions or a style sheet, which parsers may fetch',
  'format.markup-script.scan': 'holds scripts that run when a browser shows it',
  'format.openvino.scan': 'holds an OpenVINO model behind other text',
  'format.pmml.scan': 'holds a PMML model that does not stand at its start',
  'format.pdf.scan': 'holds actions that run when a viewer opens it',
} as const;

export type Interest = keyof typeof INTERESTS;

/** Of these, what they make a program run is judged with all files of the artifact. */
const JOINED: ReadonlySet<Interest> = new Set([
  'format.hub-config.scan',
  'format.mlflow.scan',
  'format.mar.scan',
  'format.requirements.scan',
]);

/** Reports each interest once. @param why details of some interests */
export function leaveInterests(
  context: ScanContext,
  interests: Iterable<Interest>,
  why: ReadonlyMap<Interest, string> = new Map(),
): void {
  for (const interest of new Set(interests)) {
    leaveUnjudged(context, interest, sentenceOf(interest, why.get(interest)));
  }
}

function sentenceOf(interest: Interest, more: string | undefined): string {
  if (more !== undefined && interest === 'format.source-code.scan')
    return `The file is source code, which was read and not proved harmless: ${more}.`;
  const whole = `The file ${INTERESTS[interest]}${more === undefined ? '' : ` (${more})`}`;
  return JOINED.has(interest)
    ? `${whole}: what a program runs because of it is judged with the artifact.`
    : `${whole}; no scanner judges it yet.`;
}
