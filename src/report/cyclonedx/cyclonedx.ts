import { createHash } from 'node:crypto';
import type { Judged, ReportContext } from '../context.ts';
import { jsonText } from '../escape.ts';
import { ASSESSOR, declarationsOf, owaspStandard } from './claims.ts';
import { modelComponents } from './model.ts';

export interface CycloneDxOptions {
  /** When the document is made. */
  readonly now: Date;
}

/**
 * A CycloneDX 1.6 ML-BOM (ECMA-424): each model with its files, what it declares of itself, and what is attested of the ten
 * risks. The same input gives the same bytes; another input has another serial number.
 */
export function renderCycloneDx(all: readonly Judged[], context: ReportContext, { now }: CycloneDxOptions): string {
  const models = all.map((judged, index) => ({ judged, ref: `model-${index + 1}` }));
  const declared = models.map(({ judged, ref }) => declarationsOf(judged, ref, now));
  const content = {
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      tools: { components: [{ type: 'application', name: 'assay', version: context.version }] },
    },
    components: models.flatMap(({ judged, ref }) => modelComponents(judged, ref)),
    compositions: models.map(({ judged, ref }) => ({
      aggregate: judged.assessment.status === 'complete' ? 'complete' : 'incomplete',
      assemblies: [ref],
    })),
    declarations: {
      assessors: [{ 'bom-ref': ASSESSOR, organization: { name: `Assay ${context.version}` } }],
      attestations: declared.map(({ attestation }) => attestation),
      claims: declared.flatMap(({ claims }) => claims),
      evidence: declared.flatMap(({ evidence }) => evidence),
    },
    definitions: { standards: [owaspStandard()] },
  };
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${nameBasedUuid(jsonText(content))}`,
    ...content,
  };
  return `${jsonText(document, 2)}\n`;
}

/** Ours, drawn once at random. */
const NAMESPACE = Buffer.from('5d1f6c0b9a5e4c0d8f3e1b7a62c49e70', 'hex');

/** UUID version 5 (RFC 9562, 5.5). */
function nameBasedUuid(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
