// The group: many events, one problem; who was told, and the form to suppress.
import { useState } from "preact/hooks";
import * as api from "./api";
import { ago, clock, word } from "./format";
import { Badge, Card, Loaded, Why } from "./pieces";
import { refresh } from "./state";
import { SuppressForm } from "./suppress";

export function GroupCard(p: { id: string; stamp: string }) {
  const [form, show] = useState(false);
  const [problem, setProblem] = useState("");
  const take = async (id: string) => {
    try {
      await api.post(`/v1/groups/${id}:acknowledge`, { by: "page" });
      setProblem("");
      await refresh();
    } catch (e) {
      setProblem((e as Error).message);
    }
  };
  return (
    <Card title="One problem" id="group">
      <Loaded of={p.id + p.stamp} load={() => api.get<api.GroupDetail>("/v1/groups/" + p.id)}>
        {({ group: g, members, notifications, trace }) => (
          <>
            <p class="lead">
              <Badge tone={g.status.endsWith("UNHEALTHY") ? (g.priority.endsWith("HIGH") ? "bad" : "warn") : "good"}>
                {word(g.status)} {word(g.priority)}
              </Badge>{" "}{g.title}
            </p>
            <p>
              <b>{g.members}</b> monitors in one group, {g.unhealthy} unhealthy now; told {notifications.length === 0 ? "nobody yet" : `${notifications.length} receiver${notifications.length > 1 ? "s" : ""}`}.
              Open since {clock(g.opened)} ({ago(g.opened)}).
            </p>
            <div class="actions">
              {g.acknowledged_by ? <span class="quiet">Taken by {g.acknowledged_by}.</span> : <button onClick={() => take(g.id)}>Acknowledge</button>}
              <button id="suppress" aria-expanded={form} onClick={() => show(!form)}>Suppress…</button>
            </div>
            {problem && <p class="problem">{problem}</p>}
            {form && <SuppressForm like={members.map((m) => m.event)} done={() => show(false)} />}
            <details class="members">
              <summary>The members</summary>
              <table>
                <tbody>
                  {members.map((m) => (
                    <tr key={m.event.id + m.event.monitor}>
                      <td><Badge tone={m.decision === "unhealthy" ? (m.event.priority.endsWith("HIGH") ? "bad" : "warn") : "quiet"}>{m.decision}</Badge></td>
                      <td><code>{m.event.monitor}</code><br /><small>{m.event.message}</small></td>
                      <td class="number">{ago(m.event.since)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
            <Why text={trace.text} title="Why one, and who was told" />
          </>
        )}
      </Loaded>
    </Card>
  );
}
