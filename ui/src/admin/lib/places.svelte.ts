/** Where one is below /admin/: the parts of the path, and the query. */
class Place {
  parts = $state<string[]>([]);
  query = $state(new URLSearchParams());

  read(): void {
    this.parts = location.pathname.split('/').slice(2).filter(Boolean).map(unescaped);
    this.query = new URLSearchParams(location.search);
  }
}
export const here = new Place();

/** A part that is no escaped text stands for itself. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place. A part of one or two points would not stay one. */
export const at = (...parts: string[]) => `/admin/${parts.map(encodeURIComponent).join('/')}`;

/** What stands in the way of leaving, such as a form that was begun; it reports whether to stay. */
let stays = () => false;
export const stayWhile = (unsaved: () => boolean) => { stays = unsaved; };

export function go(address: string, { replace = false } = {}): void {
  if (!replace && stays()) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  here.read();
  if (!replace) scrollTo(0, 0);
}

/** Puts what is looked for into the address, where Back and a reload find it. */
export function remember(query: Record<string, string>): void {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  history.replaceState(null, '', location.pathname + (text && `?${text}`));
}

/** Has links of this page change what is shown, rather than fetch the page again. */
export function followLinks(event: MouseEvent): void {
  const link = (event.target as Element).closest?.('a');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
  if (link.target || link.hasAttribute('download') || link.origin !== location.origin || !link.pathname.startsWith('/admin/')) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
