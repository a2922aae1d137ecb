import { Refused, call, get, type Ask, type Problem } from './api.ts';
import { app } from './app.svelte.ts';

/** What a change would do, as the API says beforehand. */
export interface DryRun {
  changes: { table: string; action: string; key: unknown; before?: Record<string, unknown>; after?: Record<string, unknown> }[];
  more: number;
  ends: { sessions: number; grants: number; personal_access_tokens: number };
  sql: string;
  undo_sql: string;
  command: string;
}

export interface Wanted { method: string; path: string; body?: unknown; query?: Ask['query']; etag?: string }

/** A change that can be looked at before it is made. */
export class Change<T = unknown> {
  /** What it would do, or has just done. */
  dry = $state.raw<DryRun>();
  /** Why it cannot be made. */
  problem = $state.raw<Problem>();
  /** Why it could not be made now, while it is not whole yet. */
  doubt = $state.raw<Problem>();
  busy = $state(false);
  declared = $derived(this.problem?.constraint?.endsWith('_declared_rows_change_in_their_file') ?? false);
  #looking = new AbortController();
  #once = crypto.randomUUID();

  /** Asks what it would do. */
  async look(wanted: Wanted): Promise<void> {
    this.forget();
    const { signal } = this.#looking;
    try {
      const { data } = await call<DryRun>(wanted.method, wanted.path, { ...wanted, query: { ...wanted.query, dry_run: true }, signal });
      if (!signal.aborted) [this.dry, this.doubt] = [data, undefined];
    } catch (e) {
      if (signal.aborted) return;
      if (!(e instanceof Refused)) throw e;
      [this.dry, this.doubt] = [undefined, e.problem];
    }
  }

  /** Makes it; returns what the API answers, or undefined where it refused. */
  async make(wanted: Wanted, { anyway = false } = {}): Promise<{ data: T } | undefined> {
    if (this.busy) return undefined;
    this.#looking.abort();
    [this.busy, this.problem, this.doubt] = [true, undefined, undefined];
    try {
      const { data } = await call<T>(wanted.method, wanted.path, {
        ...wanted, query: { ...wanted.query, declared_anyway: anyway || undefined },
        once: wanted.method === 'POST' ? this.#once : undefined,
      });
      this.#once = crypto.randomUUID();
      return { data };
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      if (e.problem.status) this.#once = crypto.randomUUID(); // without an answer, nobody knows whether it was done
      this.problem = e.problem;
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  /** An answer that is still to come counts no more. */
  forget(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
  }
}

/** A row as it was read, with what says whether it is still that. */
export class Row<T extends object> {
  data = $state.raw<T>();
  etag = $state<string>();
  problem = $state.raw<Problem>();

  constructor(readonly path: string) { void this.read(); }

  /** Whether it may be read by whoever is here. */
  get open(): boolean { return app.may('GET', this.path); }

  read = async (): Promise<void> => {
    if (!this.open) return;
    try {
      const { data, etag } = await get<T>(this.path);
      [this.data, this.etag, this.problem] = [data, etag, undefined];
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      this.problem = e.problem;
    }
  };
}
