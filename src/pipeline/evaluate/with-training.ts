import { type Assessment, BESIDES, type Check } from '../../core/assessment/index.ts';
import { type AttestedTraining, writtenBy } from '../../core/lineage/index.ts';

/** Whether a trusted signer attests what the model was trained on. */
const CHECK = 'data.provenance';
/** Names that one message holds. */
const MAX_NAMED = 3;

/**
 * The assessment with what attested training runs say of it: the check `data.provenance`. It passes when one run wrote every model of the
 * artifact; files of two runs together are a model that neither of them wrote.
 */
export function withTraining(assessment: Assessment, given: readonly AttestedTraining[]): Assessment {
  if (given.length === 0) return assessment;
  const { files } = assessment;
  // A single file is the model, whatever it looks like.
  const models = files.length === 1 ? files : files.filter(({ format }) => !BESIDES.has(format));
  // A digest that a source claims proves nothing.
  const hashed = models.flatMap(({ path, sha256, digestBasis }) =>
    sha256 !== null && digestBasis === 'computed' ? [{ path, sha256 }] : [],
  );
  const runs = given.map((run) => ({ run, paths: writtenBy(run.model, hashed) }));
  const own = runs.filter(({ paths }) => paths.length > 0).map(({ run }) => run);
  return {
    ...assessment,
    checks: [...assessment.checks, checkOf(given, runs, models)],
    ...(own.length === 0 ? {} : { training: own }),
  };
}

function checkOf(
  given: readonly AttestedTraining[],
  runs: readonly { readonly run: AttestedTraining; readonly paths: readonly string[] }[],
  models: Assessment['files'],
): Check {
  const open = (detail: string): Check => ({ id: CHECK, status: 'not-assessed', detail });
  if (models.length === 0) return open('the artifact has no file that could have been trained');
  const [best] = [...runs].sort((a, b) => b.paths.length - a.paths.length);
  if (best === undefined || best.paths.length === 0)
    return open(given.map(({ name, model }) => `${name} is about another model: ${aboutOf(model)}`).join('; '));
  const written = new Set(best.paths);
  const left = models.filter(({ path }) => !written.has(path)).map(({ path }) => path);
  const contradiction = contradictionIn(runs.filter(({ paths }) => paths.length > 0).map(({ run }) => run));
  if (contradiction !== undefined) return { id: CHECK, status: 'fail', detail: contradiction };
  if (left.length > 0) return open(`the run that ${best.run.name} attests did not write ${named(left)}`);
  return { id: CHECK, status: 'pass', detail: trainedOn(best.run) };
}

/** Two statements about one model that name other bytes for the same data: one of them is not true. */
function contradictionIn(runs: readonly AttestedTraining[]): string | undefined {
  const said = new Map<string, { readonly sha256: string | undefined; readonly by: AttestedTraining }>();
  for (const by of runs) {
    for (const { role, name, digests } of by.inputs) {
      if (role !== 'data') continue;
      const first = said.get(name);
      if (first === undefined) said.set(name, { sha256: digests.sha256, by });
      else if (first.by !== by && first.sha256 !== digests.sha256)
        return `${first.by.name} and ${by.name} name other bytes for ${name}: sha256:${first.sha256}, sha256:${digests.sha256}`;
    }
  }
  return undefined;
}

function trainedOn({ signer, inputs, run }: AttestedTraining): string {
  const of = (role: string) => inputs.filter((input) => input.role === role).map(({ name }) => name);
  const base = of('base');
  const what = `"${signer}" signed that ${run === null ? 'one run' : `the run ${run}`} trained it on ${named(of('data'))}`;
  return base.length === 0 ? what : `${what}, from ${named(base)}`;
}

function aboutOf(model: AttestedTraining['model']): string {
  return named(model.map(({ path, sha256 }) => `${path} sha256:${sha256}`));
}

function named(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
