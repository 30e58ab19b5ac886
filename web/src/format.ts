// Numbers, instants and series as people read them.

export function num(v: number | undefined | null): string {
  if (v === undefined || v === null || !isFinite(v)) return "–";
  const a = Math.abs(v);
  if (a !== 0 && (a < 0.001 || a >= 1e9)) return v.toExponential(2);
  if (a >= 1e6) return (v / 1e6).toFixed(2) + " M";
  if (a >= 1e4) return (v / 1e3).toFixed(1) + " k";
  return String(Number(v.toPrecision(4)));
}

export const percent = (v: number | undefined): string => (v === undefined ? "–" : num(v * 100) + " %");

export function ago(t: string | null | undefined, now = Date.now()): string {
  if (!t) return "–";
  const s = Math.round((now - Date.parse(t)) / 1000);
  return s < 0 ? "in " + span(-s) : span(s) + " ago";
}

export function span(s: number): string {
  s = Math.abs(Math.round(s));
  if (s < 90) return s + " s";
  if (s < 5400) return Math.round(s / 60) + " min";
  if (s < 129600) return Number((s / 3600).toFixed(s < 36000 ? 1 : 0)) + " h";
  return Number((s / 86400).toFixed(1)) + " d";
}

// seconds reads a protobuf duration in JSON: "3600s".
export const seconds = (d: string | null): number => (d ? parseFloat(d) : NaN);

export const clock = (t: string | number): string =>
  new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

// series writes labels in Prometheus notation; what a histogram's view is comes
// first, as in the server's own texts.
export function series(labels: Record<string, string>): string {
  const { __name__: name = "", view, ...rest } = labels;
  const inner = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}="${v}"`).join(", ");
  return (view ? view + " of " : "") + name + (inner ? `{${inner}}` : "");
}

// selector writes labels so that the server finds exactly this series.
export function selector(labels: Record<string, string>): string {
  const { view: _, ...rest } = labels;
  return "{" + Object.entries(rest).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(",") + "}";
}

export const word = (s: string): string => s.replace(/^(STATUS|PRIORITY|SLO_VERDICT|ANALYSIS_STATE|DIRECTION)_/, "").replace(/_/g, " ").toLowerCase();
