// The small parts several views use.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

export function Card(p: { title: string; id?: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" id={p.id} aria-label={p.title}>
      <header><h2>{p.title}</h2><div class="aside">{p.aside}</div></header>
      {p.children}
    </section>
  );
}

export function Badge(p: { tone: "bad" | "warn" | "good" | "quiet"; children: ComponentChildren }) {
  return <span class={"badge " + p.tone}>{p.children}</span>;
}

// Why is the panel that answers why: the server's own trace, unabridged.
export function Why(p: { text?: string; title?: string; open?: boolean }) {
  if (!p.text) return null;
  return <details class="why" open={p.open}><summary>{p.title ?? "Why"}</summary><pre>{p.text}</pre></details>;
}

// Spark draws a line of values without axes; a second line is drawn behind it.
export function Spark(p: { values: number[]; behind?: number[]; flip?: boolean; label: string }) {
  const w = 160, h = 34;
  const all = [...p.values, ...(p.behind ?? [])];
  if (p.values.length < 2) return <span class="quiet">no points</span>;
  const line = (v: number[], lo: number, hi: number) =>
    v.map((y, i) => `${((i / (v.length - 1)) * w).toFixed(1)},${(h - 2 - ((y - lo) / (hi - lo || 1)) * (h - 4)).toFixed(1)}`).join(" ");
  const lo = Math.min(...all), hi = Math.max(...all);
  const own = p.flip ? p.values.map((y) => lo + hi - y) : p.values;
  return (
    <svg class="spark" viewBox={`0 0 ${w} ${h}`} role="img" aria-label={p.label} preserveAspectRatio="none">
      {p.behind && p.behind.length > 1 && <polyline class="behind" points={line(p.behind, lo, hi)} />}
      <polyline points={line(own, lo, hi)} />
    </svg>
  );
}

// Loaded fetches once per key and shows what came, or why nothing did.
export function Loaded<T>(p: { of: string; load: () => Promise<T>; children: (v: T) => ComponentChildren }) {
  const [state, set] = useState<{ of: string; value?: T; error?: string }>({ of: "" });
  useEffect(() => {
    let gone = false;
    p.load().then((value) => !gone && set({ of: p.of, value }), (e) => !gone && set({ of: p.of, error: (e as Error).message }));
    return () => { gone = true; };
  }, [p.of]);
  if (state.error) return <p class="problem">{state.error}</p>;
  if (state.value === undefined) return <p class="quiet">Asking…</p>;
  return <>{p.children(state.value)}</>;
}
