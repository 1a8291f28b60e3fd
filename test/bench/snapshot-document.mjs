// A snapshot as a large organisation has it.

import { createHash } from 'node:crypto';

export const ENTRIES = 100_000;

const hex = (text) => createHash('sha256').update(text).digest('hex');

/** The pinned reference of an entry. */
export const refOf = (at) => `hf://acme/model-${at}@${hex(`${at}`).slice(0, 40)}`;

/**
 * So many approved models, each with its report as registries write them.
 * @param {{ version?: number, issued?: string, expires?: string, first?: readonly string[] }} changes `first` are references
 *   that stand in place of the first ones
 */
export function snapshotDocument({ version = 1, issued, expires, first = [] } = {}) {
  const entries = Array.from({ length: ENTRIES }, (_, at) => ({
    model: `acme/model-${at}`,
    number: 1,
    digest: `sha256:${hex(`${at}`)}`,
    refs: [first[at] ?? refOf(at)],
    endpoint: null,
    status: 'approved',
    stages: [{ stage: 'production', notAfter: null }],
    remoteCode: false,
    policy: { name: 'production', digest: `sha256:${hex('policy')}` },
    reason: '',
    report: `https://assay.example/reports/${hex(`report ${at}`).slice(0, 32)}`,
  }));
  return {
    schemaVersion: '1',
    tenant: 'acme',
    version,
    issued: issued ?? '2026-11-25T12:00:00Z',
    expires: expires ?? '2026-12-02T12:00:00Z',
    auditHead: { seq: 1, hash: hex('head') },
    trust: `sha256:${hex('trust')}`,
    ruleset: null,
    entries,
    images: [],
  };
}
