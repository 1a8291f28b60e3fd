export { MAX_YAML_BYTES, parseBoundedYaml } from './bounded-yaml.ts';
export { assertShallowYaml } from './nesting.ts';
export { readYaml } from './read.ts';
export { YAML_DIALECTS, type YamlDialect } from './tokens.ts';
