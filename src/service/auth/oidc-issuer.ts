/** How long a description is believed. */
const BELIEVED_MS = 3_600_000;
/** After a failure, the issuer is left alone for so long: whoever asks meanwhile is told the same. */
const PAUSE_MS = 1_000;

/**
 * Asks an issuer who it is, once at a time, however many wait for the answer. One that does not answer any more is still who it
 * was: then what it said before goes on to hold.
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
