import { readFileSync } from 'node:fs';

/** `nemo-targets.json`, made by `fixtures/make/nemo_targets.py`: the classes of each module, separated by spaces. */
interface WrittenTargets {
  readonly classes: Readonly<Record<string, string>>;
}

let targets: ReadonlySet<string> | undefined;

function read(): ReadonlySet<string> {
  const file = readFileSync(new URL('./nemo-targets.json', import.meta.url), 'utf8');
  const { classes } = JSON.parse(file) as WrittenTargets;
  return new Set(
    Object.entries(classes).flatMap(([module, names]) => names.split(' ').map((name) => `${module}.${name}`)),
  );
}

/** Whether a path is exactly that of a class of NeMo, PyTorch or OmegaConf that only makes objects, whatever it is given. */
export function isNemoTarget(path: string): boolean {
  targets ??= read();
  return targets.has(path);
}

/** Whether NeMo reads a member of a `.nemo` archive as a model's configuration (nemo/core/connectors/save_restore_connector.py). */
export function isNemoConfig(path: string): boolean {
  return /(?:^|!)(?:\.\/)?model_config\.yaml$/.test(path);
}
