/** What to do about each kind of problem. */
export const HINTS = {
  image:
    'Name the image by its digest, and approve it: assay approve oci://IMAGE@sha256:DIGEST, or assay snapshot --image sha256:DIGEST',
  told: 'Remove it: docs/admission.md lists what the tables know',
  program:
    'Approve an image that holds what it needs, as one that loads nothing else: assay snapshot --sealed-image sha256:DIGEST',
  place:
    'Mount the model as an image volume (oci:// by digest), use an emptyDir, or let the webhook fetch it (mutation.fetch)',
  command:
    'Write the program and its arguments as separate literal words, or approve an image that starts it by itself: assay snapshot --sealed-image sha256:DIGEST',
  api: 'Nothing approves what it will be asked for. Where it must run, allow "unresolved" in the AdmissionConfig',
  silent: 'Write the program as its command, and name the model in arguments that the tables know',
  arguments:
    'Write the program as its command, or approve the image as one that loads only what it holds, and give it no arguments: assay snapshot --sealed-image sha256:DIGEST',
  sealed: 'Leave its image as it was approved: what it needs belongs in the image',
} as const;

/** Text of an object within a sentence. */
export function quotedWord(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
