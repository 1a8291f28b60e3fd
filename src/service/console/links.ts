import type { Stage } from '../../registry/index.ts';
import type { ReportFormat } from '../render-report.ts';
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

export function modelPath(name: string): string {
  return `${HOME}/models/${encodeURIComponent(name)}`;
}

export function versionPath(
  id: string,
  page: '' | 'assessment' | 'changes' | 'request' | 'quarantine' | 'retire' = '',
): string {
  return `${HOME}/versions/${encodeURIComponent(id)}${page === '' ? '' : `/${page}`}`;
}

export function revokePath(version: string, approval: string): string {
  return `${versionPath(version)}/approvals/${encodeURIComponent(approval)}/revoke`;
}

export function requestPath(id: string, page: '' | 'approve' | 'reject' | 'withdraw' = ''): string {
  return `${HOME}/requests/${encodeURIComponent(id)}${page === '' ? '' : `/${page}`}`;
}

export function jobPath(id: string, page: '' | 'cancel' | 'events' = ''): string {
  return `${HOME}/jobs/${encodeURIComponent(id)}${page === '' ? '' : `/${page}`}`;
}

export function reportPath(version: string, format: ReportFormat, stage: Stage): string {
  return withQuery(`/v1/versions/${encodeURIComponent(version)}/report`, { format, stage });
}

/** The page, and what it says was done. */
export function said(path: string, said: Said): string {
  return withQuery(path, { said });
}
