/** What a long function tells its caller while it works. */
export type ProgressEvent =
  | { readonly kind: 'artifact'; readonly ref: string; readonly files: number; readonly bytes: number }
  | { readonly kind: 'file-start'; readonly path: string; readonly size: number }
  | { readonly kind: 'file-end'; readonly path: string }
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'note'; readonly message: string };

export type OnEvent = (event: ProgressEvent) => void;
