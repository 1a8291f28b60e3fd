/** A request that is to be answered once, however often it is sent. */
export interface OnceRequest {
  /** Who sends it: nobody else gets its answer. */
  readonly holder: string;
  /** Its `Idempotency-Key`. */
  readonly key: string;
  /** What it asks for; another text under the same key is another request. */
  readonly content: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `claimed`: the caller answers it. `running`: another request does. `other`: the key belongs to a request of other content. */
export type OnceState =
  | { readonly kind: 'claimed'; readonly claim: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'other' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer };

/** Answers of a day. A body may hold a secret that is shown once, so answers are sealed under their key, which is not stored. */
export interface AnswerStore {
  claim(request: OnceRequest): Promise<OnceState>;
  keep(request: OnceRequest, claim: string, answer: KeptAnswer): Promise<void>;
  /** Nothing was made: the same request may be tried again. */
  release(request: OnceRequest, claim: string): Promise<void>;
}
