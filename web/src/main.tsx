// The page: one column of answers, most important first, and a URL for each.
import { render } from "preact";
import * as api from "./api";
import { AnomalyCard, MovedWith } from "./anomaly";
import { CanaryCard } from "./canary";
import { ago, num, seconds, series, span } from "./format";
import { GroupCard } from "./group";
import { Badge, Card, Loaded } from "./pieces";
import { follow, path } from "./route";
import { ObjectiveView, SLOCard } from "./slo";
import { failure, listen, live, now, type Now } from "./state";
import { Suppressions } from "./suppress";

function App() {
  return (
    <>
      <header class="top">
        <a class="brand" href="/"><img src="/icon.svg" alt="" width="24" height="24" /> Bellwether</a>
        <Ribbon />
        <span class="quiet" title={live.value ? "the alert stream is open" : "no stream; asking every ten seconds"}>{live.value ? "live" : "polling"}</span>
      </header>
      {failure.value && <p class="problem">{failure.value}</p>}
      <main><View /></main>
      <Footer />
    </>
  );
}

// Ribbon says the state of everything in one sentence.
function Ribbon() {
  const n = now.value;
  if (!n) return <p class="ribbon">Asking the server…</p>;
  const burning = n.objectives.filter((o) => o.verdict.includes("BURNING") || o.verdict.endsWith("EXHAUSTED"));
  const failed = n.analyses.filter((a) => a.result?.verdict_word === "FAIL");
  const open = n.anomalies.filter((a) => !a.end && !a.held_back).length;
  const groups = n.groups.filter((g) => !g.closed);
  const parts = [
    burning.length && `${burning.length} objective${burning.length > 1 ? "s burn" : " burns"} (${burning.slice(0, 2).map((o) => o.name).join(", ")})`,
    failed.length && `canary ${failed[0].spec.name} failed`,
    open && `${open} series behave unlike themselves`,
    groups.length && `${groups.length === 1 ? "one group" : groups.length + " groups"}`,
  ].filter(Boolean);
  return <p class="ribbon" id="ribbon">{parts.length ? parts.join("; ") + "." : "All calm."}</p>;
}

function View() {
  const [, kind, id] = path.value.split("/");
  const n = now.value;
  if (kind === "anomaly" && id) return <AnomalyPage id={decodeURIComponent(id)} />;
  if (kind === "slo" && id) return <ObjectiveView name={decodeURIComponent(id)} />;
  if (kind === "group" && id) return <GroupCard id={decodeURIComponent(id)} stamp="" />;
  if (kind === "canary" && id) return <Loaded of={id} load={() => api.get<{ analysis: api.Analysis }>("/v1/canaries/" + id)}>{(r) => <CanaryCard run={r.analysis} />}</Loaded>;
  return n ? <NowView n={n} /> : null;
}

function AnomalyPage(p: { id: string }) {
  return (
    <>
      <AnomalyCard id={p.id} />
      <Loaded of={p.id} load={() => api.get<{ anomaly: api.Anomaly }>("/v1/anomalies/" + p.id)}>{(r) => <MovedWith labels={r.anomaly.labels} start={r.anomaly.start} />}</Loaded>
    </>
  );
}

function NowView({ n }: { n: Now }) {
  const group = n.groups.find((g) => !g.closed);
  const open = n.anomalies.filter((a) => !a.end);
  const lead = telling(open);
  return (
    <>
      {group && <GroupCard id={group.id} stamp={`${group.members}/${group.unhealthy}/${group.acknowledged_by}`} />}
      <SLOCard objectives={n.objectives} />
      {n.analyses[0] && <CanaryCard run={n.analyses[0]} />}
      {lead ? <AnomalyCard id={lead.id} /> : <Card title="Is something wrong?"><p>No series behaves unlike itself.</p></Card>}
      {lead && <MovedWith labels={lead.labels} start={lead.start} />}
      {open.length > 1 && <AnomalyList list={open.filter((a) => a !== lead)} />}
      <Suppressions />
    </>
  );
}

// telling picks the anomaly to show first: told, strongest evidence, earliest.
function telling(list: api.Anomaly[]): api.Anomaly | undefined {
  return [...list].sort((a, b) => Number(!!a.held_back) - Number(!!b.held_back) || b.peak_score - a.peak_score || Date.parse(a.start) - Date.parse(b.start))[0];
}

function AnomalyList(p: { list: api.Anomaly[] }) {
  return (
    <Card title={`${p.list.length} more series`}>
      <table>
        <tbody>
          {p.list.map((a) => (
            <tr key={a.id}>
              <td><Badge tone={a.held_back ? "quiet" : "warn"}>{a.kind}</Badge>{a.held_back && <><br /><small title={a.held_back}>held back</small></>}</td>
              <td><a href={"/anomaly/" + a.id}><code>{series(a.labels)}</code></a></td>
              <td class="number">{num(a.observed)}<br /><small>expected {num(a.expected)}</small></td>
              <td class="number">{ago(a.start)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Footer() {
  const c = now.value?.coverage;
  if (!c) return null;
  const not = Object.entries(c.not_watched);
  return (
    <footer>
      Watching {c.watched} series{Number(c.warming_up) > 0 && <>, {c.warming_up} of them still warming up</>}, {seconds(c.lag) > 0 ? span(seconds(c.lag)) + " behind" : "up to date"}.
      {not.length > 0 && <> Not watched: {not.map(([why, n]) => `${n} (${why})`).join("; ")}.</>}
      {" "}<a href="/openapi.json" download>API</a> · <a href="/metrics" download>metrics</a>
    </footer>
  );
}

follow();
listen();
render(<App />, document.getElementById("app")!);
