export { findInCommands } from './commands.ts';
export { findInDockerfile } from './dockerfile.ts';
export { findInJson } from './json.ts';
export { findInNotebook, notebookPython } from './notebook.ts';
export { findInYaml } from './yaml.ts';
