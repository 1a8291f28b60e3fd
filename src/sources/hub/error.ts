import { AssayError, type ErrorOptions } from '../../core/index.ts';
import { httpError, tooMany } from '../../egress/index.ts';

/** What was asked of the Hub, for messages. */
export interface HubQuestion {
  readonly endpoint: string;
  readonly repo: string;
  readonly revision: string;
  /** The file asked for, if it was one. */
  readonly path?: string;
  readonly hasToken: boolean;
}

/** The kind of object that the Hub does not have, which the Hub proxy passes on. */
export class HubMissing extends AssayError {
  readonly what: 'model' | 'revision' | 'file';

  constructor(what: HubMissing['what'], message: string, options: ErrorOptions) {
    super('not-found', message, options);
    this.what = what;
  }
}

/** The error for an unsuccessful status of the Hub, by its `X-Error-Code` (the Hub's API). */
export function hubError(response: Response, asked: HubQuestion): AssayError {
  const code = response.headers.get('x-error-code') ?? '';
  const { status } = response;
  const subject = `hf://${asked.repo}`;
  const page = `${asked.endpoint}/${asked.repo}`;
  if (code === 'GatedRepo' || (status === 403 && code === '')) {
    return new AssayError('unauthorized', `the owner of ${asked.repo} must grant you access first (${status})`, {
      subject,
      hint: asked.hasToken
        ? `accept the terms at ${page} with the account that HF_TOKEN belongs to, and give the token read access`
        : `accept the terms at ${page}, then set HF_TOKEN`,
    });
  }
  if (code === 'RevisionNotFound') {
    return new HubMissing('revision', `${asked.repo} has no revision "${asked.revision}"`, {
      subject,
      hint: `pick a branch, tag or commit at ${page}/tree/main`,
    });
  }
  if (code === 'EntryNotFound') {
    return new HubMissing('file', `${asked.repo} has no file ${asked.path ?? ''}`, {
      subject,
      hint: `check the path at ${page}/tree/${asked.revision}`,
    });
  }
  if (code === 'RepoNotFound' || status === 404) {
    const hint = asked.hasToken
      ? 'check the name, and that HF_TOKEN has read access to the model'
      : 'check the name; if the model is private, set HF_TOKEN';
    return new HubMissing('model', `the Hub has no model ${asked.repo} that you can read`, { subject, hint });
  }
  if (status === 401 || status === 403) {
    const message = asked.hasToken ? 'the Hub does not accept the token' : 'the Hub requires a token';
    const hint = asked.hasToken
      ? 'set HF_TOKEN to a valid token with read access to the model, or unset it'
      : 'set HF_TOKEN';
    return new AssayError('unauthorized', `${message} (${status})`, { subject, hint });
  }
  if (status === 429)
    return tooMany(
      response,
      subject,
      asked.hasToken ? 'wait, then try again' : 'wait, or set HF_TOKEN for a higher limit',
    );
  return httpError(response, page);
}
