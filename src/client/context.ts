/** The environment of a registry client. */
export interface ClientContext {
  /** Where the token, proxies and files are named. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Shows a sentence to the user. */
  warn(message: string): void;
}
