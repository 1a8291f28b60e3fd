/** The part of the package that tests use; it has no declarations of its own. */
declare module 'pngjs' {
  export class PNG {
    constructor(options: { readonly width: number; readonly height: number });
    /** Red, green, blue, alpha. */
    readonly data: Buffer;
    static readonly sync: { write(image: PNG): Buffer };
  }
}
