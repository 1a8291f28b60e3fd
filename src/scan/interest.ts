import type { ScanContext } from './scanner.ts';
import { leaveUnjudged } from './structure.ts';

/** Why a text is more than data: the check that a scanner of it would answer. */
export const INTERESTS = {
  'format.hub-config.scan':
    'names code for a loader to import (auto_map, custom pipelines or modules, trust_remote_code)',
  'format.chat-template.scan': 'holds a chat template: a program that loaders run',
  'format.hydra-config.scan': 'names a callable for Hydra to call (_target_)',
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

/** Tells each interest once. */
export function leaveInterests(context: ScanContext, interests: Iterable<Interest>): void {
  for (const interest of new Set(interests))
    leaveUnjudged(context, interest, `It ${INTERESTS[interest]}; no scanner judges it yet.`);
}
