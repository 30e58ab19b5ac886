// Every view is a URL; a link is an ordinary link.
import { signal } from "@preact/signals";

export const path = signal(location.pathname);

export function go(to: string): void {
  history.pushState(null, "", to);
  path.value = location.pathname;
  window.scrollTo(0, 0);
}

export function follow(): void {
  addEventListener("popstate", () => (path.value = location.pathname));
  addEventListener("click", (e) => {
    const a = (e.target as Element).closest?.("a");
    if (!a || e.defaultPrevented || e.ctrlKey || e.metaKey || e.shiftKey || a.origin !== location.origin || a.hasAttribute("download") || a.target) return;
    e.preventDefault();
    go(a.pathname);
  });
}
