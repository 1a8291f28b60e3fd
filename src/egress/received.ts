let bytes = 0;

/** Bytes of bodies that this thread received over all connections since it started, those of failed requests included. */
export function receivedBytes(): number {
  return bytes;
}

export function countReceived(more: number): void {
  bytes += more;
}
