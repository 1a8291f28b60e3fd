/** What to do about each kind of problem. */
export const HINTS = {
  image: 'Name the image by its digest, and approve it: assay approve oci://IMAGE@sha256:DIGEST --as program',
  told: 'Remove it (docs/admission.md lists what the tables know), or except the container: assay admit --audit --proposals FILE writes the exception',
  program:
    'Approve an image that loads only what it holds: assay approve oci://IMAGE@sha256:DIGEST --as sealed; or write an exception: assay admit --audit --proposals FILE',
  place:
    'Mount the model as an image volume (oci:// by digest), use an emptyDir, or let the webhook fetch it (mutation.fetch)',
  command:
    'Write the program and its arguments as separate literal words, approve an image that starts it by itself, or write an exception: assay admit --audit --proposals FILE',
  api: 'Nothing approves what it will be asked for. Where it must run, write an exception: assay admit --audit --proposals FILE',
  silent: 'Write the program as its command, and name the model in arguments that the tables know',
  arguments:
    'Approve the image: assay approve oci://IMAGE@sha256:DIGEST --as program records what its arguments are for; or write an exception: assay admit --audit --proposals FILE',
  sealed: 'Leave its image as it was approved: what it needs belongs in the image',
} as const;

/** Text of an object within a sentence. */
export function quotedWord(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
