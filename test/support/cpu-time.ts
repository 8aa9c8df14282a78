// Bounds on how long pure code may take: in CPU time, which a busy machine does not stretch.

/** CPU time that this thread has used, in milliseconds. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
