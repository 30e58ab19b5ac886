// What the page knows of the server, refreshed by the alert stream and, since a
// quiet stream says nothing about canaries and budgets, every ten seconds.
import { signal } from "@preact/signals";
import * as api from "./api";

export interface Now {
  groups: api.Group[]; anomalies: api.Anomaly[]; objectives: api.Objective[]; analyses: api.Analysis[];
  suppressions: api.Suppression[]; coverage: api.Coverage;
}

export const now = signal<Now | null>(null);
export const failure = signal("");
export const live = signal(false);

let asking = false;
let again = false;

export async function refresh(): Promise<void> {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const [groups, anomalies, objectives, analyses, suppressions, coverage] = await Promise.all([
      api.get<{ groups: api.Group[] }>("/v1/groups", { limit: 50 }),
      api.get<{ anomalies: api.Anomaly[] }>("/v1/anomalies", { limit: 200 }),
      api.get<{ objectives: api.Objective[] }>("/v1/slos"),
      api.get<{ analyses: api.Analysis[] }>("/v1/canaries", { limit: 20 }),
      api.get<{ suppressions: api.Suppression[] }>("/v1/suppressions"),
      api.get<api.Coverage>("/v1/detect/coverage"),
    ]);
    now.value = {
      groups: groups.groups, anomalies: anomalies.anomalies, objectives: objectives.objectives,
      analyses: analyses.analyses, suppressions: suppressions.suppressions, coverage,
    };
    failure.value = "";
  } catch (e) {
    failure.value = "Cannot reach the server: " + (e as Error).message;
  } finally {
    asking = false;
    if (again) {
      again = false;
      void refresh();
    }
  }
}

export function listen(): void {
  void refresh();
  setInterval(refresh, 10_000);
  const stream = new EventSource("/v1/watch");
  let soon: number | undefined;
  stream.onopen = () => (live.value = true);
  stream.onerror = () => (live.value = false);
  stream.onmessage = (m) => {
    live.value = true;
    if (m.data.includes('"type":"bookmark"') || m.data.includes('"type": "bookmark"')) return;
    clearTimeout(soon);
    soon = window.setTimeout(refresh, 300); // A burst of transitions is one refresh.
  };
}
