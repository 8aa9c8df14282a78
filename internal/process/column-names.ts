// Column names of a file as columns of a table: kept as they are, made distinct.

/**
 * One distinct name for each of `names`, in order. Names that differ only in case get `_2`, `_3`, ... since SQL and the
 * readers of Parquet fold case; an empty name becomes `column<position>`, 0-based.
 */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const used = new Set<string>();
  return names.map((name, i) => {
    const base = name === "" ? `column${i}` : name;
    let candidate = base;
    for (
      let n = 2;
      used.has(candidate.toLowerCase()) ||
      (candidate !== name && taken.has(candidate.toLowerCase()));
      n++
    ) {
      candidate = `${base}_${n}`;
    }
    used.add(candidate.toLowerCase());
    return candidate;
  });
}
