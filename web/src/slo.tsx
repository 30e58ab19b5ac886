// Objectives: what burns, how fast, and what is left.
import * as api from "./api";
import { ago, num, percent, seconds, span, word } from "./format";
import { Badge, Card, Loaded, Why } from "./pieces";

const tone = (v: string) => (v.endsWith("FAST") || v.endsWith("EXHAUSTED") ? "bad" : v.endsWith("SLOWLY") ? "warn" : v.endsWith("OK") ? "good" : "quiet");

export function SLOCard(p: { objectives: api.Objective[] }) {
  const hurting = p.objectives.filter((o) => !o.verdict.endsWith("_OK"));
  const calm = p.objectives.length - hurting.length;
  return (
    <Card title="Are users hurting?" id="slo">
      {p.objectives.length === 0 && <p>No objectives yet. Name OpenSLO files under <code>slo.files</code> in the configuration.</p>}
      {hurting.map((o) => <ObjectiveRow key={o.name} o={o} />)}
      {calm > 0 && <p class="quiet">{calm} of {p.objectives.length} objectives are within budget and not burning.</p>}
    </Card>
  );
}

function ObjectiveRow(p: { o: api.Objective }) {
  const o = p.o;
  const left = Math.max(0, Math.min(1, o.budget_left ?? 1));
  return (
    <article class="objective">
      <p class="lead"><Badge tone={tone(o.verdict)}>{word(o.verdict)}</Badge> <a href={"/slo/" + o.name}>{o.name}</a></p>
      <p>{o.sentence}</p>
      <div class="budget" role="meter" aria-valuenow={Math.round(left * 100)} aria-valuemin={0} aria-valuemax={100} aria-label="error budget left">
        <span style={{ width: `${left * 100}%` }} />
      </div>
      <p class="quiet">
        {percent(o.budget_left)} of the budget left; target {percent(o.target)}.
        {o.exhausted_in && ` Gone in ${span(seconds(o.exhausted_in))} at this rate.`} Since {ago(o.since)}.
      </p>
      <p class="burns">{o.burns.map((b) => <span key={b.window}>{span(seconds(b.window))}: <b>{num(b.burn)}×</b></span>)}</p>
    </article>
  );
}

export function ObjectiveView(p: { name: string }) {
  return (
    <Loaded of={p.name} load={() => api.get<{ objective: api.Objective; trace: api.Trace }>("/v1/slos/" + p.name)}>
      {(r) => <Card title="Are users hurting?"><ObjectiveRow o={r.objective} /><Why text={r.trace.text} open /></Card>}
    </Loaded>
  );
}
