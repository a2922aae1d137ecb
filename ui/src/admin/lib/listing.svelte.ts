import { Refused, get, type Ask, type Problem } from './api.ts';

interface Page<T> { items: T[]; next?: string }

/** A list of the API as it is looked through: what was found, and what comes next. An answer that comes late counts no more. */
export class Listing<T> {
  items = $state.raw<T[]>([]);
  next = $state<string>();
  loading = $state(true);
  problem = $state<Problem>();
  #asked = new AbortController();

  /** `limit` is of a page; 0 for a list that the API returns whole. */
  constructor(readonly path: string, readonly limit = 50) {}

  /** Looks for something else; what was found stays until the answer is there. */
  find(query: Ask['query'] = {}): Promise<void> {
    return this.#load(query, false);
  }

  more(query: Ask['query'] = {}): Promise<void> {
    return this.#load({ ...query, after: this.next }, true);
  }

  async #load(query: Ask['query'], further: boolean): Promise<void> {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.loading = true;
    try {
      const { data } = await get<Page<T> | T[]>(this.path, { limit: this.limit || undefined, ...query }, signal);
      if (signal.aborted) return;
      const page = Array.isArray(data) ? { items: data } as Page<T> : data;
      this.items = further ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.problem = undefined;
    } catch (e) {
      if (signal.aborted) return;
      if (!(e instanceof Refused)) throw e;
      this.problem = e.problem;
    }
    this.loading = false;
  }
}
