/** What a client of a registry has of the program around it. */
export interface ClientContext {
  /** Where the token, proxies and files are named. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Takes a sentence for the person who runs the program. */
  warn(message: string): void;
}
