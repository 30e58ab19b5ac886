// A canary run: the verdict, its reasons, and both sides of every metric.
import * as api from "./api";
import { ago, num, word } from "./format";
import { Badge, Card, Spark, Why } from "./pieces";

export const verdictTone = (v: string) =>
  v === "FAIL" ? "bad" : v === "PASS" ? "good" : v === "INCONCLUSIVE" ? "warn" : "quiet";

export function CanaryCard(p: { run: api.Analysis }) {
  const r = p.run, j = r.result;
  return (
    <Card title="Is this deploy safe?" id="canary" aside={<a href={"/canary/" + r.id}>{r.id}</a>}>
      <p class="lead"><Badge tone={verdictTone(j?.verdict_word ?? "")}>{j?.verdict_word ?? "looking"}</Badge> {r.spec.name}</p>
      <p class="quiet">
        {word(r.state)}, {r.looks} looks, started {ago(r.started)}{r.ended && `, decided ${ago(r.ended)}`}.
        Canary <code>{r.spec.canary}</code> against <code>{r.spec.baseline}</code>.
      </p>
      {j && <ul class="reasons">{j.reasons.map((x) => <li key={x}>{x}</li>)}</ul>}
      {j && (
        <table class="metrics">
          <thead><tr><th>metric</th><th>verdict</th><th>canary over baseline</th><th class="number">effect, interval</th></tr></thead>
          <tbody>
            {j.metrics.map((m) => (
              <tr key={m.name} title={m.reason}>
                <td>{m.name}</td>
                <td><Badge tone={verdictTone(m.verdict.replace("CANARY_VERDICT_", ""))}>{m.verdict.replace("CANARY_VERDICT_", "")}</Badge></td>
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
