import { TextPage, terminalText } from '../../../report/index.ts';
import { extractReferences, type WorkloadReference, type WorkloadReferences } from '../../../workload/index.ts';
import { type ContainerPosture, readPostures } from '../../../workload/posture/index.ts';
import { openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import { readManifestFile } from './manifest-file.ts';
import type { AdmitExplainRequest } from './request.ts';

interface Explained extends Omit<WorkloadReferences, 'runs'> {
  /** Under the condition that its images are approved to run. */
  readonly postures: readonly ContainerPosture[];
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

/** Lists what the objects of a manifest load, and the posture of each container. */
export async function runAdmitExplain(request: AdmitExplainRequest, shell: Shell): Promise<void> {
  const { file, format, output } = request;
  const sink = await openSink(output, shell);
  const objects = (await readManifestFile(file)).map(explained);
  if (format === 'json') sink.write(`${JSON.stringify({ schemaVersion: '1', file, objects }, null, 2)}\n`);
  else {
    const color = output === undefined && wantsColor(shell.stdout, shell.env, request.color);
    const page = new TextPage(output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true }), color);
    for (const object of objects) objectRows(page, object);
    totalRow(page, objects);
    sink.write(page.toString());
  }
  await sink.commit();
}

function explained(object: unknown): Explained {
  const fields = Object(object);
  const text = (from: unknown, name: string): string | undefined => {
    const value: unknown = Object.hasOwn(Object(from), name) ? Object(from)[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const metadata: unknown = Object.hasOwn(fields, 'metadata') ? fields.metadata : undefined;
  const { runs, ...found } = extractReferences(object);
  const knowledge = { approvalOf: () => ({ as: 'program' as const }), isOwn: () => false };
  return {
    apiVersion: text(object, 'apiVersion') ?? '',
    kind: text(object, 'kind') ?? '',
    namespace: text(metadata, 'namespace') ?? null,
    name: text(metadata, 'name') ?? text(metadata, 'generateName') ?? '',
    ...found,
    postures: readPostures(object, { runs, ...found }, knowledge),
  };
}

function objectRows(page: TextPage, object: Explained): void {
  const { kind, namespace, name, references, unresolved, postures } = object;
  const place = namespace === null ? name : `${namespace}/${name}`;
  page.gap();
  page.row('object', terminalText(`${kind} ${place}`), 'dim', 'bold');
  for (const reference of references) referenceRows(page, reference);
  for (const { where, why } of unresolved) {
    page.row('unresolved', terminalText(why), 'yellow', 'yellow');
    page.row('', `at ${terminalText(where === '' ? 'the object' : where)}`, 'dim');
  }
  if (references.length === 0 && unresolved.length === 0) page.row('none', 'names no model', 'dim', 'dim');
  for (const posture of postures) postureRows(page, posture);
}

function referenceRows(page: TextPage, found: WorkloadReference): void {
  page.row(found.role, terminalText(found.reference));
  const facts = [
    found.pinned ? 'pinned' : 'not pinned: its content may change',
    ...(found.endpoint === null ? [] : [`from ${found.endpoint}`]),
    ...(found.trustRemoteCode ? ['runs code of the model (trust_remote_code)'] : []),
    ...(found.codeRevision === null ? [] : [`code at ${found.codeRevision}`]),
    ...(found.loadFormat === null ? [] : [`load format ${found.loadFormat}`]),
    ...(found.offline ? ['offline'] : []),
  ];
  page.row('', terminalText(facts.join('; ')), 'dim');
  const container = found.container === null ? '' : ` of container ${found.container}`;
  page.row('', terminalText(`at ${found.where}${container} (${found.via})`), 'dim');
}

function postureRows(page: TextPage, { container, where, posture, program, problems }: ContainerPosture): void {
  const name = container === null ? where : container;
  const runs = program === null ? 'its image, which is told nothing' : program;
  const about = posture === 'unresolved' ? 'unresolved' : `${posture}: runs ${runs}; its image has to be approved`;
  const style = posture === 'unresolved' ? 'yellow' : 'dim';
  page.row('container', terminalText(`${name} ${about}`), style, style);
  for (const { where: at, why, hint } of problems) {
    page.row('', terminalText(`it ${why}`));
    page.row('', terminalText(`at ${at}. ${hint}.`), 'dim');
  }
}

function totalRow(page: TextPage, objects: readonly Explained[]): void {
  const sum = (count: (object: Explained) => number) => objects.reduce((all, object) => all + count(object), 0);
  const unresolved = sum((object) => object.unresolved.length);
  const unpinned = sum((object) => object.references.filter(({ pinned }) => !pinned).length);
  page.gap();
  page.parts([
    `${objects.length} objects`,
    `${sum((object) => object.references.length)} references`,
    `${unpinned} not pinned`,
    unresolved === 0 ? 'nothing unresolved' : `${unresolved} UNRESOLVED: may be a model`,
  ]);
}
