import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attestedArtifact, readReportDocument } from '../../../../src/cli/commands/attestation/report.ts';
import { isAssayError } from '../../../../src/core/errors.ts';
import { isSignatureError } from '../../../../src/integrity/envelope/signature-error.ts';
import { treeDigest } from '../../../../src/integrity/hash/tree-digest.ts';
import { createStatement } from '../../../../src/integrity/statements/create.ts';
import { readStatement } from '../../../../src/integrity/statements/read.ts';
import { tempFolder } from '../../../support/temp.ts';

const path = join(tempFolder(), 'report.json');
const SHA = 'ab'.repeat(32);
const file = { path: 'model.pkl', size: 3, sha256: SHA, digestBasis: 'computed', verdict: 'clean' } as const;

function report(pinned: string) {
  return {
    schemaVersion: '1',
    artifact: { ref: pinned, pinned, digest: treeDigest([file]) },
    status: 'complete',
    decision: { action: 'allow', policy: 'baseline', policyDigest: `sha256:${SHA}`, violations: [], rules: [] },
    files: [file],
    findings: [],
    checks: [],
    ruleset: { version: '1', digest: `sha256:${SHA}` },
  } as const;
}

async function read(value: unknown) {
  writeFileSync(path, JSON.stringify(value));
  return readReportDocument(path);
}

it.each([
  ['s3://bucket/a key with spaces?versionId=1', 's3://bucket/a%20key%20with%20spaces?versionId=1'],
  ['s3://bucket/é', 's3://bucket/%C3%A9'],
  ['hf://acme/model@v1', 'hf://acme/model@v1'],
  ['https://a.example/m.onnx', 'https://a.example/m.onnx'],
  ['/a folder/model', 'file:///a%20folder/model'],
])('the resource URI of %s is %s', async (pinned, address) => {
  expect(attestedArtifact(await read(report(pinned)), path).resourceUri).toBe(address);
});

it('the subjects of an image include its manifest, and those of a commit the commit, but not for a single file of it', async () => {
  const names = async (pinned: string) =>
    attestedArtifact(await read(report(pinned)), path).subjects.map(({ name }) => name);
  expect(await names(`oci://a.example/m@sha256:${SHA}`)).toContain('oci:manifest');
  expect(await names(`hf://acme/model@${'a'.repeat(40)}`)).toContain('git:commit');
  expect(await names(`hf://acme/model@${'a'.repeat(40)}/model.pkl`)).not.toContain('git:commit');
  expect(await names('hf://acme/model@main')).not.toContain('git:commit');
});

it('a report with a hostile reference is attested or refused with an error', async () => {
  const pinned = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(
        fc.constantFrom('hf://', 'S3://', 'https://', 'oci://', 'models:/', 'file:'),
        fc.string({ unit: 'binary' }),
      )
      .map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(pinned, async (pinned) => {
      try {
        const { subjects, resourceUri } = attestedArtifact(await read(report(pinned)), path);
        const policy = { name: 'p', digest: `sha256:${SHA}` };
        const made = createStatement('decision', {
          subjects,
          resourceUri,
          action: 'allow',
          at: new Date(),
          version: '1',
          policy,
          inputs: [],
        });
        expect(readStatement(Buffer.from(JSON.stringify(made))).predicateType).toBe(made.predicateType);
      } catch (error) {
        if (!isAssayError(error) && !isSignatureError(error)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

it('a report with any invalid field is refused with an error', async () => {
  const fields = Object.keys(report('m'));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...fields), fc.jsonValue(), async (field, value) => {
      try {
        attestedArtifact(await read({ ...report('m'), [field]: value }), path);
      } catch (error) {
        expect(isAssayError(error)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
