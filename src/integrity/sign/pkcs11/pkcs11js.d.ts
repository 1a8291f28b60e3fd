/** What we use of `pkcs11js` 2, which is installed only by those who sign with a token. */
declare module 'pkcs11js' {
  export type Handle = Buffer;

  export interface Attribute {
    readonly type: number;
    readonly value?: number | string | Buffer;
  }

  export class PKCS11 {
    load(path: string): void;
    close(): void;
    C_Initialize(): void;
    C_Finalize(): void;
    C_GetSlotList(tokenPresent: boolean): Handle[];
    C_GetTokenInfo(slot: Handle): { readonly label: string; readonly serialNumber: string };
    C_OpenSession(slot: Handle, flags: number): Handle;
    C_CloseSession(session: Handle): void;
    C_Login(session: Handle, userType: number, pin: string): void;
    C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
    C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
    C_FindObjectsFinal(session: Handle): void;
    C_GetAttributeValue(
      session: Handle,
      object: Handle,
      template: readonly Attribute[],
    ): { readonly type: number; readonly value: Buffer }[];
    C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void;
    C_Sign(session: Handle, data: Buffer, output: Buffer): Buffer;
  }
}
