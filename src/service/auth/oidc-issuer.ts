/** How long a description is cached. */
const BELIEVED_MS = 3_600_000;
/** After a failure, no request is sent for this time: callers get the same error meanwhile. */
const PAUSE_MS = 1_000;

/**
 * Fetches the metadata of an issuer, one request at a time for all callers. If the issuer does not answer, its earlier metadata
 * stays valid.
 */
export function rememberIssuer<T>(ask: () => Promise<T>, pauseMs = PAUSE_MS): () => Promise<T> {
  let known: { readonly description: T; readonly until: number } | undefined;
  let asking: Promise<T> | undefined;

  async function askOnce(): Promise<T> {
    try {
      const description = await ask();
      known = { description, until: Date.now() + BELIEVED_MS };
      asking = undefined;
      return description;
    } catch (error) {
      setTimeout(() => {
        asking = undefined;
      }, pauseMs).unref();
      if (known !== undefined) return known.description;
      throw error;
    }
  }

  return async () => {
    if (known !== undefined && Date.now() < known.until) return known.description;
    asking ??= askOnce();
    return asking;
  };
}
