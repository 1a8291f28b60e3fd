import type { ArmedCode, ArmingFact, CodeFact } from '../../scanner/index.ts';
import { type ConfigDocument, textsAt, valuesAt } from './document.ts';

/** Handlers that TorchServe brings. */
const TORCHSERVE_HANDLERS =
  /^(?:base_handler|image_classifier|image_segmenter|object_detector|text_classifier|text_handler|vision_handler|dummy_handler)(?:\.py)?$/;
/** Runtimes that MLServer brings. */
const MLSERVER = /^mlserver(?:_[a-z]+)?\./;
const MAX_SETTINGS = 1024 * 1024;
const MLFLOW = /^mlflow(?:\.[a-z_]+)*$/;

function module(text: string, folder: string): ArmedCode {
  const [path = '', name] = text.replace(/\\/g, '/').split(':');
  return {
    kind: 'module',
    path: folder + path.replace(/^\.\//, '').replace(/\.py$/, ''),
    name: name ?? null,
    ifPresent: false,
  };
}

function fact(by: string, code: ArmedCode, call: string, text: string): ArmingFact {
  return { kind: 'arming', by, code, call, text: text.slice(0, 500) };
}

/** `MAR-INF/MANIFEST.json` of an archive of TorchServe. */
export function torchServe(document: ConfigDocument, folder: string): CodeFact[] {
  const root = folder.replace(/MAR-INF\/$/, '');
  return valuesAt(document, 'model').flatMap((model) =>
    textsAt(model, 'handler')
      .filter((text) => !TORCHSERVE_HANDLERS.test(text))
      .map((text) => fact('handler', module(text, root), 'torchserve --start --models {}', text)),
  );
}

/** `model-settings.json` of MLServer, which KServe and Seldon start. */
export function mlServer(document: ConfigDocument, folder: string): CodeFact[] {
  return textsAt(document, 'implementation')
    .filter((text) => !MLSERVER.test(text))
    .map((text) => {
      const dot = text.lastIndexOf('.');
      const path = folder + text.slice(0, Math.max(0, dot)).replaceAll('.', '/');
      return fact(
        'implementation',
        { kind: 'module', path, name: text.slice(dot + 1), ifPresent: false },
        'mlserver start {}',
        text,
      );
    });
}

/** `MLmodel`: what `mlflow.pyfunc.load_model` imports, and the folders that it adds to the path of imports. */
export function mlFlow(document: ConfigDocument, folder: string): CodeFact[] {
  const call = 'mlflow.pyfunc.load_model("{}")';
  const facts: CodeFact[] = [];
  for (const flavors of valuesAt(document, 'flavors')) {
    for (const [flavor, value] of flavors.kind === 'mapping' ? flavors.entries : []) {
      const folders = [
        ...textsAt(value, 'code'),
        ...textsAt(value, 'code_paths'),
        ...textsAt(value, 'code_path'),
      ].filter((text) => text !== 'null' && text !== '');
      for (const text of folders)
        facts.push(fact('code', { kind: 'folder', path: `${folder}${text.replace(/\/$/, '')}/` }, call, text));
      for (const text of textsAt(value, 'loader_module')) {
        if (MLFLOW.test(text)) continue;
        const path = text.replaceAll('.', '/');
        const places = folders.length === 0 ? [''] : folders.map((one) => `${one.replace(/\/$/, '')}/`);
        for (const place of places)
          facts.push(
            fact(
              'loader_module',
              { kind: 'module', path: folder + place + path, name: null, ifPresent: true },
              call,
              text,
            ),
          );
        facts.push(fact('loader_module', { kind: 'package', module: text }, call, text));
      }
      for (const text of textsAt(value, 'model_code_path'))
        facts.push(fact('model_code_path', module(text.split('/').at(-1) ?? text, folder), call, `${flavor}: ${text}`));
    }
  }
  return facts;
}

/** `pickle_module_info.txt`, whose text `mlflow.pytorch` imports to read the model. */
export function pickleModule(text: string): CodeFact[] {
  const module = text.trim();
  if (/^(?:mlflow\.pytorch\.pickle_module|pickle|cloudpickle|torch|dill)?$/.test(module)) return [];
  return [fact('pickle_module_info.txt', { kind: 'package', module }, 'mlflow.pytorch.load_model("{}")', module)];
}

/** `bento.yaml` of a bento that was built: its code stands in `src`. */
export function builtBento(document: ConfigDocument, folder: string): CodeFact[] {
  return bentoMl(document, `${folder}src/`);
}

/** `setup.cfg`: classes of the package that an installation imports and runs. */
export function installCommands(text: string, folder: string): CodeFact[] {
  const block = /^cmdclass[ \t]*=([^\n]*(?:\r?\n[ \t]+[^\n]*)*)/m.exec(text.slice(0, MAX_SETTINGS))?.[1] ?? '';
  const named = [...block.matchAll(/^[ \t]*[\w-]{1,60}[ \t]*=[ \t]*([\w.]{1,200})\.(\w{1,200})[ \t\r]*$/gm)];
  return named.map(([, path = '', name = '']) =>
    fact(
      'cmdclass',
      { kind: 'module', path: folder + path.replaceAll('.', '/'), name, ifPresent: true },
      'pip install {}',
      `${path}.${name}`,
    ),
  );
}

/** `bentofile.yaml`. */
export function bentoMl(document: ConfigDocument, folder: string): CodeFact[] {
  return textsAt(document, 'service').map((text) => {
    const [path = '', name = null] = text.split(':');
    const code: ArmedCode = {
      kind: 'module',
      path: folder + path.replace(/\.py$/, '').replaceAll('.', '/'),
      name,
      ifPresent: false,
    };
    return fact('service', code, 'bentoml serve {}', text);
  });
}

/** `pyproject.toml` with a build backend of its own. @param keys and their values, in the order of the file */
export function buildBackend(keys: readonly (readonly [key: string, value: string])[], folder: string): CodeFact[] {
  if (!keys.some(([key]) => key === 'backend-path')) return [];
  return keys
    .filter(([key, value]) => key === 'build-backend' && value !== '')
    .map(([, text]) => {
      const [path = ''] = text.split(':');
      return fact(
        'build-backend',
        { kind: 'module', path: folder + path.replaceAll('.', '/'), name: null, ifPresent: false },
        'pip install {}',
        text,
      );
    });
}
