/** Nouns whose rows have a page each. */
const rows = ['users', 'groups', 'clients', 'resources', 'upstreams'];

/** The noun of the one row that an operation is about, by its path, and what the path calls what names the row. */
export function rowOf(path: string): { noun: string; key: string } | undefined {
  const [, noun, key] = /^\/(\w+)\/\{(\w+)\}/.exec(path) ?? [];
  return noun && key && rows.includes(noun) ? { noun, key } : undefined;
}
