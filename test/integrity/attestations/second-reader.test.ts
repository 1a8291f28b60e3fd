import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { PREDICATE_TYPES } from '../../../src/integrity/statements/statement.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport, runProgram } from '../../support/run-program.ts';
import { INPUTS, KINDS, PINNED, SUBJECTS, sample } from './samples.ts';

const READER = fileURLToPath(new URL('second_reader.py', import.meta.url));
const python = findPython() ?? 'python3';
const present = await canImport(python, 'in_toto_attestation, cryptography');

requirePart(
  "in-toto attestation framework's Python bindings",
  present,
  'pip install -r fixtures/python/requirements-ci.txt',
  'the in-toto bindings for Python',
  () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

    async function readBySecond(kind: (typeof KINDS)[number]) {
      const bundle = await signStatement(sample(kind), keySigner(privateKey));
      const input = JSON.stringify({ bundle, publicKey: publicKey.export({ type: 'spki', format: 'pem' }) });
      const { status, stdout, stderr } = await runProgram(python, [READER], { input });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      return JSON.parse(stdout);
    }

    it.each(KINDS)('verify and parse our statement of the kind %s', async (kind) => {
      const read = await readBySecond(kind);
      expect(read.predicateType).toBe(PREDICATE_TYPES[kind]);
      expect(read.subjects).toEqual(SUBJECTS);
    });

    it('parse scan evidence as a test result', async () => {
      const { understood } = await readBySecond('scan');
      expect(understood).toMatchObject({ result: 'WARNED', passedTests: INPUTS.scan.passed, url: INPUTS.scan.url });
      expect(understood.configuration).toEqual(JSON.parse(JSON.stringify(sample('scan'))).predicate.configuration);
    });

    it('parse a decision as a SLSA verification summary', async () => {
      const { understood } = await readBySecond('decision');
      expect(understood).toMatchObject({
        verifier: { id: 'https://assay.dev/verifier' },
        timeVerified: '2026-11-25T12:00:00Z',
        resourceUri: PINNED,
        policy: { uri: 'urn:assay:policy:baseline', digest: { sha256: 'f6'.repeat(32) } },
        inputAttestations: [{ uri: 'https://ci.example/scan.json', digest: { sha256: '18'.repeat(32) } }],
        verificationResult: 'PASSED',
        verifiedLevels: 'ASSAY_ALLOWED',
      });
    });

    it('parse the fields of an approval and a waiver unchanged', async () => {
      for (const kind of ['approval', 'waiver'] as const) {
        expect((await readBySecond(kind)).predicate).toEqual(JSON.parse(JSON.stringify(sample(kind))).predicate);
      }
    });
  },
);
