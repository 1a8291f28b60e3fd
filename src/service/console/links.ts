import type { Stage } from '../../registry/index.ts';
import type { ReportFormat } from '../reports/index.ts';
import type { Said } from './words.ts';

export const HOME = '/console';

type Query = Readonly<Record<string, string | undefined>>;

/** An address with what is known of its query. */
export function withQuery(path: string, query: Query): string {
  const known = new URLSearchParams(
    Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return known.size === 0 ? path : `${path}?${known}`;
}

export const USAGE_PATH = `${HOME}/usage`;

/** One segment of an address; halves of pairs have no place in one. */
function segment(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

export function modelPath(name: string): string {
  return `${HOME}/models/${segment(name)}`;
}

export function versionPath(
  id: string,
  page: '' | 'assessment' | 'changes' | 'request' | 'convert' | 'test' | 'quarantine' | 'retire' = '',
): string {
  return `${HOME}/versions/${segment(id)}${page === '' ? '' : `/${page}`}`;
}

export function revokePath(version: string, approval: string): string {
  return `${versionPath(version)}/approvals/${segment(approval)}/revoke`;
}

export function revokeRunPath(version: string, run: string): string {
  return `${versionPath(version)}/tests/${segment(run)}/revoke`;
}

export function requestPath(id: string, page: '' | 'approve' | 'reject' | 'withdraw' = ''): string {
  return `${HOME}/requests/${segment(id)}${page === '' ? '' : `/${page}`}`;
}

export function jobPath(id: string, page: '' | 'cancel' | 'events' = ''): string {
  return `${HOME}/jobs/${segment(id)}${page === '' ? '' : `/${page}`}`;
}

export function conversionPath(job: string, page: '' | 'remove' = ''): string {
  return `${HOME}/conversions/${segment(job)}${page === '' ? '' : `/${page}`}`;
}

/** The report of a conversion, and one of its files. */
export function conversionFilePath(job: string, file: number | 'report'): string {
  return `/v1/conversions/${segment(job)}/${file === 'report' ? file : `files/${file}`}`;
}

export function testPath(job: string, page: '' | 'remove' = ''): string {
  return `${HOME}/tests/${segment(job)}${page === '' ? '' : `/${page}`}`;
}

/** The report of a test as JSON. */
export function testReportPath(job: string): string {
  return `/v1/tests/${segment(job)}/report`;
}

export function dataCheckPath(job: string, page: '' | 'remove' = ''): string {
  return `${HOME}/data-checks/${segment(job)}${page === '' ? '' : `/${page}`}`;
}

/** What checks of data left, as a file. */
export function dataFilePath(job: string, file: 'report' | 'rows' | 'profile' | 'attestation'): string {
  return `/v1/data-checks/${segment(job)}/${file}`;
}

export function reportPath(version: string, format: ReportFormat, stage: Stage): string {
  return withQuery(`/v1/versions/${segment(version)}/report`, { format, stage });
}

/** The page, and what it says was done. */
export function said(path: string, said: Said): string {
  return withQuery(path, { said });
}
