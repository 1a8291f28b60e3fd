/** One member of a tar. */
export interface TarBuilt {
  readonly name: string;
  readonly data?: Uint8Array | string;
  readonly type?: string;
  readonly link?: string;
  /** The size in the header, if it differs from the length of the data. */
  readonly size?: number;
}

/** A tar of these members, with the blocks that end it. */
export function buildTar(members: readonly TarBuilt[], end: Uint8Array = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...members.flatMap(tarBlocks), end]);
}

/** The header, the content and its padding. */
export function tarBlocks({ name, data = '', type = '0', link = '', size }: TarBuilt): Buffer[] {
  const bytes = Buffer.from(data);
  const head = Buffer.alloc(512);
  head.write(name, 0, 'latin1');
  head.write('0000644\0', 100);
  head.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124);
  head.write('        ', 148);
  head.write(type, 156);
  head.write(link, 157);
  head.write('ustar\x0000', 257, 'latin1');
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}
