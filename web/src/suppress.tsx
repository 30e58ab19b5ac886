// The suppression form: filled from the alert, previewed as it is typed.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { ago } from "./format";
import { Card } from "./pieces";
import { now, refresh } from "./state";

// shared guesses a target: the first label, in order of how people think, that
// members have.
function guess(events: api.AlertEvent[]): string {
  for (const name of ["service", "slo", "job", "host", "instance"]) {
    const value = events.map((e) => e.labels[name]).find(Boolean);
    if (value) return `${name}=${JSON.stringify(value)}`;
  }
  return events.length ? `monitor=${JSON.stringify(events[0].monitor)}` : "";
}

export function SuppressForm(p: { like: api.AlertEvent[]; done: () => void }) {
  const [target, setTarget] = useState(() => guess(p.like));
  const [minutes, setMinutes] = useState(60);
  const [why, setWhy] = useState("");
  const [preview, setPreview] = useState<api.Preview | null>(null);
  const [problem, setProblem] = useState("");
  const body = () => ({
    suppression: {
      description: why || "from the page", created_by: "page", targets: [target],
      end: new Date(Date.now() + minutes * 60_000).toISOString(),
    },
  });
  useEffect(() => {
    const soon = setTimeout(async () => {
      try {
        setPreview((await api.post<{ preview: api.Preview }>("/v1/suppressions:preview", body())).preview);
        setProblem("");
      } catch (e) {
        setPreview(null);
        setProblem((e as Error).message);
      }
    }, 250);
    return () => clearTimeout(soon);
  }, [target, minutes]);
  const create = async (e: Event) => {
    e.preventDefault();
    try {
      await api.post("/v1/suppressions", { ...body(), confirm: preview?.refused ?? false });
      await refresh();
      p.done();
    } catch (err) {
      setProblem((err as Error).message);
    }
  };
  return (
    <form class="suppress" id="suppress-form" onSubmit={create}>
      <label>Mute what matches <input name="target" value={target} onInput={(e) => setTarget(e.currentTarget.value)} spellcheck={false} /></label>
      <label>for <select name="minutes" value={String(minutes)} onChange={(e) => setMinutes(Number(e.currentTarget.value))}>
        <option value="15">15 minutes</option><option value="60">1 hour</option><option value="240">4 hours</option><option value="1440">1 day</option>
      </select></label>
      <label>because <input name="why" value={why} onInput={(e) => setWhy(e.currentTarget.value)} placeholder="e.g. rolling back checkout v2" /></label>
      {problem && <p class="problem">{problem}</p>}
      {preview && <PreviewText p={preview} />}
      <button type="submit" disabled={!preview || why.trim() === ""}>{preview?.refused ? "Suppress although it is much" : "Suppress"}</button>
      <button type="button" onClick={p.done}>Cancel</button>
    </form>
  );
}

function PreviewText({ p }: { p: api.Preview }) {
  return (
    <div class="preview">
      <p>Would mute <b>{p.monitors}</b> of {p.monitors_total} monitors{p.services.length > 0 && <> of {p.services.join(", ")}</>}: {p.events.length} of what is known now.</p>
      <p>Still gets through: {p.still_notify.length === 0 ? "nothing that is unhealthy now" : `${p.still_notify.length}, such as ${p.still_notify.slice(0, 3).join("; ")}`}.</p>
      {p.refused && <p class="problem">{p.reason}</p>}
    </div>
  );
}

export function Suppressions() {
  const list = now.value?.suppressions ?? [];
  if (list.length === 0) return null;
  const end = async (id: string) => { await api.del("/v1/suppressions/" + id); await refresh(); };
  return (
    <Card title="Suppressed" id="suppressed">
      <table>
        <tbody>
          {list.map((s) => (
            <tr key={s.id}>
              <td>{s.description}<br /><code>{s.targets.join(" or ")}</code></td>
              <td class="number">muted {s.muted}, ends {ago(s.end)}</td>
              <td><button onClick={() => end(s.id)}>End now</button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
