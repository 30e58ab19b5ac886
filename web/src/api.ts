// The page's only door to the server: REST at /v1, answers in the contract's
// own names. 64-bit integers come as strings, instants as RFC 3339.

export class ApiError extends Error {}

async function answer<T>(r: Response): Promise<T> {
  const text = await r.text();
  let body: any;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(text || `the server answered ${r.status}`);
  }
  if (!r.ok) throw new ApiError(body.message || `the server answered ${r.status}`);
  return body as T;
}

export async function get<T>(path: string, params: Record<string, string | number | boolean> = {}): Promise<T> {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) q.set(k, String(v));
  const s = q.toString();
  return answer<T>(await fetch(path + (s ? "?" + s : "")));
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return answer<T>(await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }));
}

export async function del<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path, { method: "DELETE" }));
}

export interface Trace { text: string }
export interface Vote { member: string; p: number; share: number }
export interface Anomaly {
  id: string; labels: Record<string, string>; start: string; end: string | null; peak_score: number; kind: string;
  direction: string; expected: number; lower: number; upper: number; observed: number; votes: Vote[]; trace: Trace | null;
  change: string | null; effect: number; e_value?: number; baseline: string | null; state_hash: string; feedback: Feedback | null; deploy: string;
  held_back: string; peers: string;
}
export interface Feedback { useful: boolean; note: string; time: string }
export interface Point { timestamp_ms: string; value: number; score: number; expected?: number; lower?: number; upper?: number; anomalous: boolean }
export interface Burn { window: string; burn?: number; good: number; total: number }
export interface Objective {
  name: string; service: string; description: string; target: number; period: string; verdict: string;
  budget_left?: number; burns: Burn[]; exhausted_in: string | null; since: string | null; sentence: string;
}
export interface MetricVerdict {
  name: string; verdict: string; effect?: number; interval_low?: number; interval_high?: number; p?: number; reason: string;
  baseline_query: string; canary_query: string; baseline_preview: number[]; canary_preview: number[];
  channel: string; channels: { name: string; verdict: string; reason: string }[]; critical: boolean;
}
export interface GateVerdict { objective: string; verdict: string; burn_rate?: number; limit: number; reason: string }
export interface Judgement {
  verdict_word: string; reasons: string[]; metrics: MetricVerdict[]; trace: Trace; gates: GateVerdict[];
  limiting_metric: string; minutes_needed?: number;
}
export interface Analysis {
  id: string; spec: { name: string; baseline: string; canary: string }; state: string; looks: number;
  started: string; ended: string | null; result: Judgement | null;
}
export interface Group {
  id: string; key: string; status: string; priority: string; opened: string; closed: string | null; members: number;
  unhealthy: number; title: string; acknowledged_by: string; suppressed: boolean;
}
export interface AlertEvent {
  id: string; source: string; monitor: string; status: string; priority: string; since: string | null;
  labels: Record<string, string>; message: string; evidence: string;
}
export interface EventRecord { event: AlertEvent; decision: string; suppression_id: string }
export interface Notification { id: string; receiver: string; status: string; at: string; reason: string; delivery: string }
export interface GroupDetail { group: Group; members: EventRecord[]; notifications: Notification[]; trace: Trace }
export interface Match {
  labels: Record<string, string>; distance: number; similarity: number; sign: number; lag_seconds: number;
  p: number; q: number; group: string; onset: string | null; preview: number[];
}
export interface Correlation {
  target: string; matches: Match[]; groups: { id: string; series: string[]; reason: string }[];
  stats: { searched: string; exact: boolean; wall_us: string }; trace: Trace;
}
export interface Suspect { entity: string; score: number; series: string[]; onset: string | null; components: Record<string, number> }
export interface Suppression {
  id: string; description: string; start: string; end: string; targets: string[]; created_by: string; state: string; muted: string;
}
export interface Preview {
  monitors: number; monitors_total: number; services: string[]; events: EventRecord[]; still_notify: string[];
  refused: boolean; reason: string;
}
export interface Coverage { watched: string; not_watched: Record<string, string>; warming_up: string; open: string; lag: string }
