/** One hostile file: the name that it goes by, and its bytes. */
export interface HostileFile {
  readonly name: string;
  make(): Buffer;
}

export function hostileFiles(bytes: number): HostileFile[];
export function frames(kind: 'straddled' | 'nested' | 'empty' | 'beyond' | 'deep', bytes: number): Buffer;
export function nestedArguments(width: number, depth: number, call?: string): Buffer;
export function keptItems(bytes: number): Buffer;
export function zipMembers(bytes: number): Buffer;
export function line(opcode: string, filling: string, bytes: number, end?: string): Buffer;
