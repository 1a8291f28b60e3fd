import { all, type RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { ModelSummary, Version } from '../../../registry/index.ts';
import { jsonText } from '../../../report/index.ts';
import { targetOf, versionName, withRegistry } from '../../registry/index.ts';
import { openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { ModelsRequest } from './request.ts';
import { modelsText, type VersionFacts, versionsText, versionText } from './text.ts';

/** CWE-770: more is not a list for a person, and programs ask the service page by page. */
const MAX_ITEMS = 10_000;

/** Lists models, versions, or one version. */
export async function runModels(request: ModelsRequest, shell: Shell): Promise<void> {
  const sink = await openSink(request.output, shell);
  const color = request.output === undefined && wantsColor(shell.stdout, shell.env, request.color);
  const page = { color, width: widthOf(shell.stdout) };
  const options = { verb: 'assay models', ...(request.name === undefined ? {} : { subject: request.name }) };
  await withRegistry(request.registry, shell, options, async (registry) => {
    const { name, format } = request;
    const print = (document: object, text: () => string) =>
      sink.write(format === 'json' ? `${jsonText({ schemaVersion: '1', ...document }, 2)}\n` : text());
    if (name === undefined) {
      const items = await models(registry, request);
      print({ items }, () => modelsText(items, page));
    } else if (name.includes('@') || name.startsWith('sha256:')) {
      const facts = await factsOf(registry, await versionOf(registry, name));
      print(facts, () => versionText(facts, page));
    } else {
      const items = await versions(registry, name, request);
      print({ model: name, items }, () => versionsText(items, page));
    }
    await sink.commit();
  });
}

async function models(registry: RegistryClient, { stage, search }: ModelsRequest): Promise<ModelSummary[]> {
  const filter = { ...(stage === undefined ? {} : { stage }), ...(search === undefined ? {} : { search }) };
  return taken(all((page) => registry.models({ ...page, ...filter })));
}

async function versions(registry: RegistryClient, model: string, { stage, search }: ModelsRequest): Promise<Version[]> {
  if (search !== undefined) {
    throw new AssayError('usage', 'can only be used with the list of models', {
      subject: '--search',
      hint: 'leave it out',
    });
  }
  const items = await taken(all((page) => registry.versions(model, page)));
  return stage === undefined ? items : items.filter((version) => version.stage === stage);
}

async function taken<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) {
    list.push(item);
    if (list.length < MAX_ITEMS) continue;
    throw new AssayError('limit', `the list has more than ${MAX_ITEMS} entries`, {
      hint: 'narrow it with --stage or --search',
    });
  }
  return list;
}

async function versionOf(registry: RegistryClient, text: string): Promise<Version> {
  const at = text.lastIndexOf('@');
  if (at > 0) return registry.version(versionName(text.slice(0, at), text.slice(at + 1)));
  const target = targetOf(text);
  const [first, ...others] = target.kind === 'digest' ? await registry.versionsOf({ digest: target.digest }) : [];
  if (first === undefined) {
    throw new AssayError('not-found', `${registry.name} does not know it`, { subject: text, hint: 'check the digest' });
  }
  if (others.length === 0) return first;
  const names = [first, ...others].map(({ model, number }) => `${model}@${number}`).join(', ');
  throw new AssayError('usage', `several models have these bytes: ${names}`, {
    subject: text,
    hint: 'give one of them',
  });
}

async function factsOf(registry: RegistryClient, version: Version): Promise<VersionFacts> {
  const decisions = await registry.decisions(version.id);
  const approvals = await registry.approvals(version.id);
  const { items: transitions } = await registry.transitions({ version: version.id, limit: 20 });
  const answers = await registry.currentDecisions({ digest: version.digest });
  const gate = answers.find(({ model, number }) => model === version.model && number === version.number) ?? null;
  const tests = await registry.versionTests(version.id);
  return { version, gate, decisions, approvals, tests, transitions };
}
