/** Counts the milliseconds of work that this process does from now on: other work of the machine does not add to them. */
export function cpuTimer(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}
