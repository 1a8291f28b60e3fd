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

/** What the Hub does not have: the Hub proxy passes on which it is. */
export class HubMissing extends AssayError {
  readonly what: 'model' | 'revision' | 'file';

  constructor(what: HubMissing['what'], message: string, options: ErrorOptions) {
    super('not-found', message, options);
    this.what = what;
  }
}

/** What a status of the Hub that is not a success means, told by its `X-Error-Code` (the Hub's API). */
export function hubError(response: Response, asked: HubQuestion): AssayError {
  const code = response.headers.get('x-error-code') ?? '';
  const { status } = response;
  const subject = `hf://${asked.repo}`;
  const page = `${asked.endpoint}/${asked.repo}`;
  if (code === 'GatedRepo' || (status === 403 && code === '')) {
    return new AssayError('unauthorized', `access to ${asked.repo} must be granted first (${status})`, {
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
      ? 'check the name, and that HF_TOKEN may read it'
      : 'check the name; if the model is private, set HF_TOKEN';
    return new HubMissing('model', `the Hub has no model ${asked.repo} that you may read`, { subject, hint });
  }
  if (status === 401 || status === 403) {
    const message = asked.hasToken ? 'the Hub does not accept the token' : 'the Hub wants a token';
    const hint = asked.hasToken
      ? 'set HF_TOKEN to a token that is valid and may read the model, or unset it'
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
