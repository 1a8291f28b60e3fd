import type { Declared, FileAssessment, Finding } from '../../core/assessment/index.ts';
import { findingsByFile } from '../by-file.ts';
import type { Judged } from '../context.ts';
import { keptText } from '../escape.ts';
import { declaredPurl, purlOf, purlReference } from '../purl.ts';
import { declaredLicences } from './licence.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

/** The model as a component, its files within it; then a component for each dataset that it declares. */
export function modelComponents({ assessment, decision }: Judged, ref: string) {
  const { artifact, files, findings, declared, ruleset, signatures, status } = assessment;
  const purl = purlOf(artifact.pinned);
  const licenses = declaredLicences(declared);
  const found = findingsByFile(findings);
  const datasets = declared.datasets.map((name, index) => datasetComponent(name, `${ref}/data-${index + 1}`));
  const model = {
    type: 'machine-learning-model',
    'bom-ref': ref,
    ...identity(artifact.pinned),
    ...(purl === undefined ? {} : { purl }),
    ...(licenses.length > 0 ? { licenses } : {}),
    ...(declared.baseModels.length > 0 ? { pedigree: { ancestors: declared.baseModels.map(ancestor) } } : {}),
    ...(declared.tags.length > 0 ? { tags: declared.tags.map(keptText) } : {}),
    modelCard: modelCard(
      declared,
      datasets.map((dataset) => dataset['bom-ref']),
    ),
    components: files.map((file, index) => fileComponent(file, found.get(file.path) ?? [], `${ref}/file-${index + 1}`)),
    properties: [
      property('ref', artifact.ref),
      property('pinned', artifact.pinned),
      ...(artifact.digest === null ? [] : [property('digest', artifact.digest)]),
      property('status', status),
      property('decision', decision.action),
      property('policy', decision.policy),
      property('policy:digest', decision.policyDigest),
      property('ruleset', ruleset.version),
      property('ruleset:digest', ruleset.digest),
      ...signatures.map((signature) => property('signature', `${signature.status}: ${signature.detail}`)),
      ...decision.waivers.map(({ waiver, outcome }) =>
        property('waiver', `${outcome}: ${waiver.rule} by ${waiver.owner} until ${waiver.expires}, ${waiver.reason}`),
      ),
    ],
  };
  return [model, ...datasets];
}

/** Group, name and version, from where the model is. */
function identity(pinned: string) {
  const reference = purlReference(pinned);
  switch (reference?.kind) {
    case 'hf':
      return nameOf(reference.repo, reference.revision);
    case 'oci': {
      const { registry, repository, tag, digest } = reference;
      return nameOf(`${registry}/${repository}`, digest ?? tag);
    }
    case 'models':
      return nameOf(reference.name, 'version' in reference.at ? reference.at.version : reference.at.alias);
    default:
      return { name: lastPart(pinned) };
  }
}

function nameOf(path: string, version: string | undefined) {
  const slash = path.lastIndexOf('/');
  return {
    ...(slash < 0 ? {} : { group: keptText(path.slice(0, slash)) }),
    name: keptText(path.slice(slash + 1)),
    ...(version === undefined ? {} : { version: keptText(version) }),
  };
}

function lastPart(path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  return keptText(parts.at(-1) ?? path);
}

function fileComponent(file: FileAssessment, findings: readonly Finding[], ref: string) {
  return {
    type: 'file',
    'bom-ref': ref,
    name: keptText(file.path),
    ...(file.sha256 === null ? {} : { hashes: [{ alg: 'SHA-256', content: file.sha256 }] }),
    properties: [
      property('verdict', file.verdict),
      property('format', file.format),
      property('size', String(file.size)),
      property('digestBasis', file.digestBasis),
      ...file.reasons.map((reason) => property('reason', reason)),
      ...findings.map(({ severity, ruleId, message, fingerprint }) =>
        property('finding', `${severity} ${ruleId} ${fingerprint}: ${message}`),
      ),
    ],
  };
}

function datasetComponent(name: string, ref: string) {
  return { type: 'data', 'bom-ref': ref, name: keptText(name), data: [{ type: 'dataset', name: keptText(name) }] };
}

function ancestor(name: string) {
  const [repo = name, revision] = name.split('@');
  const purl = declaredPurl(name);
  return {
    type: 'machine-learning-model',
    ...(purl === undefined ? { name: keptText(name) } : { ...nameOf(repo, revision), purl }),
  };
}

/** The declarations of the model, which are not verified. */
function modelCard(declared: Declared, datasets: readonly string[]) {
  const { task, modelType, architectures } = declared;
  return {
    modelParameters: {
      ...(task === null ? {} : { task: keptText(task) }),
      ...(modelType === null ? {} : { architectureFamily: keptText(modelType) }),
      ...(architectures.length === 0 ? {} : { modelArchitecture: keptText(architectures.join(', ')) }),
      ...(datasets.length === 0 ? {} : { datasets: datasets.map((ref) => ({ ref })) }),
    },
    properties: [
      ...(declared.library === null ? [] : [property('declared:library', declared.library)]),
      ...declared.languages.map((language) => property('declared:language', language)),
      ...declared.remoteCode.map((code) => property('declared:remoteCode', code)),
      ...declared.files.map((file) => property('declared:file', file)),
    ],
  };
}

function property(name: string, value: string): Property {
  return { name: `assay:${name}`, value: keptText(value) };
}
