import { leaveUnjudged, type ScanContext } from '../scanner/index.ts';

/** Why a text is more than data: the check that a scanner of it would answer. */
export const INTERESTS = {
  'format.hub-config.scan':
    'names code for a loader to import (auto_map, custom pipelines or modules, trust_remote_code)',
  'format.chat-template.scan': 'holds a chat template, a program that loaders run, that is not proved to be plain',
  'format.hydra-config.scan': 'names a callable for Hydra to call (_target_)',
  'format.instantiation.scan':
    'has keys with which loaders make objects (class, type, target, init_args, ...) or functions that settings call',
  'format.settings.scan': 'has sections or keys that a library makes functions and objects of (@, handlers, loggers)',
  'format.yaml.scan': 'is not YAML to its end, or readers of YAML differ on it',
  'format.site-file.scan':
    'is a path file: in a folder of site packages, Python adds its lines to the places it imports from',
  'format.text.scan': 'is text under a name that does not say what reads it, and is neither prose nor a list of words',
  'format.keras-config.scan': 'describes Keras objects, which may hold code or name any module',
  'format.object-json.scan': 'describes Python objects for a library to rebuild',
  'format.mlflow.scan': 'names a module for MLflow to load the model with',
  'format.mar.scan': 'names a handler for TorchServe to run',
  'format.source-code.scan': 'is source code',
  'format.requirements.scan': 'lists packages to install, some perhaps from elsewhere than the usual registry',
  'format.yaml-tags.scan': 'holds YAML tags or escapes that build Python objects in unsafe loaders',
  'format.xml-entities.scan':
    'declares XML entities, a document type, inclusions or a style sheet, which parsers may fetch',
  'format.markup-script.scan': 'holds scripts that run when it is shown',
  'format.openvino.scan': 'is an OpenVINO model, which may name extension libraries',
  'format.pmml.scan': 'is a PMML model, which may hold expressions',
  'format.pdf.scan': 'holds actions that run when it is opened',
} as const;

export type Interest = keyof typeof INTERESTS;

/** Says each interest once. @param why what more is known of some */
export function leaveInterests(
  context: ScanContext,
  interests: Iterable<Interest>,
  why: ReadonlyMap<Interest, string> = new Map(),
): void {
  for (const interest of new Set(interests)) {
    const more = why.get(interest);
    leaveUnjudged(
      context,
      interest,
      `It ${INTERESTS[interest]}${more === undefined ? '' : ` (${more})`}; no scanner judges it yet.`,
    );
  }
}
