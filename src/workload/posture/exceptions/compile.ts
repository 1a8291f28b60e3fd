import type { ContainerException, ToldPattern, VariableSource } from './exception.ts';
import type { CompiledException, CompiledTold, CompiledVariable } from './match.ts';
import { type PatternPart, patternParts } from './words.ts';

/** An exception, ready to be asked for each container. */
export function compileException(exception: ContainerException): CompiledException {
  const { images, namespaces, serviceAccounts, containers, told } = exception;
  return {
    exception,
    ends: Date.parse(exception.expires),
    images: new Set(images),
    namespaces: new Set(namespaces),
    serviceAccounts: new Set(serviceAccounts),
    containers: new Set(containers),
    told: told.map(compileTold),
  };
}

function compileTold({ command, args, env, envFrom, mounts, workingDir, hooks }: ToldPattern): CompiledTold {
  const variables = new Map<string, CompiledVariable[]>();
  for (const one of env) {
    const compiled: CompiledVariable =
      'value' in one
        ? { value: patternParts(one.value) }
        : { from: one.from satisfies VariableSource, field: one.field };
    variables.set(one.name, [...(variables.get(one.name) ?? []), compiled]);
  }
  return {
    command: command?.map(patternParts) ?? [],
    args: args?.map(patternParts) ?? [],
    variables,
    envFrom: new Set(envFrom.map(({ kind, name }) => `${kind} ${name}`)),
    mounts: mounts.map(({ path, source }) => ({ path: patternParts(path), source })),
    workingDir,
    hooks: hooks.map((words): readonly (readonly PatternPart[])[] => words.map(patternParts)),
  };
}
