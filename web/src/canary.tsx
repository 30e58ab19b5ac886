// A canary run: the verdict, its reasons, and both sides of every metric.
import * as api from "./api";
import { ago, num, span, word } from "./format";
import { Badge, Card, Spark, Why } from "./pieces";

const plain = (v: string) => v.replace("CANARY_VERDICT_", "");

export const verdictTone = (v: string) =>
  v === "FAIL" ? "bad" : v === "PASS" ? "good" : v === "INCONCLUSIVE" ? "warn" : "quiet";

export function CanaryCard(p: { run: api.Analysis }) {
  const r = p.run, j = r.result;
  return (
    <Card title="Is this deploy safe?" id="canary" aside={<><a href={`/v1/canaries/${r.id}/report`} target="_blank" rel="noopener">report</a> · <a href={"/canary/" + r.id}>{r.id}</a></>}>
      <p class="lead"><Badge tone={verdictTone(j?.verdict_word ?? "")}>{j?.verdict_word ?? "looking"}</Badge> {r.spec.name}</p>
      <p class="quiet">
        {word(r.state)}, {r.looks} looks, started {ago(r.started)}{r.ended && `, decided ${ago(r.ended)}`}.
        Canary <code>{r.spec.canary}</code> against <code>{r.spec.baseline}</code>.
      </p>
      {j && <ul class="reasons">{j.reasons.map((x) => <li key={x}>{x}</li>)}</ul>}
      {j?.verdict_word === "INCONCLUSIVE" && j.limiting_metric && (
        <p><b>{j.limiting_metric}</b> holds it back{j.minutes_needed ? `, about ${span(60 * j.minutes_needed)} more` : ": more of the same will not decide"}.</p>
      )}
      {j?.gates.map((g) => (
        <p key={g.objective}><Badge tone={verdictTone(plain(g.verdict))}>{plain(g.verdict)}</Badge> gate <b>{g.objective}</b>: {g.reason}</p>
      ))}
      {j && (
        <table class="metrics">
          <thead><tr><th>metric</th><th>verdict</th><th>canary over baseline</th><th class="number">effect, interval</th></tr></thead>
          <tbody>
            {j.metrics.map((m) => (
              <tr key={m.name} title={m.reason}>
                <td>{m.name}{m.critical && <small> critical</small>}</td>
                <td><Badge tone={verdictTone(plain(m.verdict))}>{plain(m.verdict)}</Badge><br /><small>{channels(m)}</small></td>
                <td><Spark values={m.canary_preview} behind={m.baseline_preview} label={`${m.name}: canary and baseline`} /></td>
                <td class="number">{num(m.effect)}<br /><small>{num(m.interval_low)} … {num(m.interval_high)}</small></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Why text={j?.trace?.text} />
    </Card>
  );
}

// channels names those that say what the metric's verdict says, the deciding one first.
const channels = (m: api.MetricVerdict) =>
  m.verdict === "CANARY_VERDICT_PASS" || !m.channels.length ? m.channel : m.channels.filter((c) => c.verdict === m.verdict).map((c) => c.name).join(", ") || m.channel;
