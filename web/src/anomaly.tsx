// One anomaly: the chart with the expected band, the votes, why; and what moved
// with it.
import * as api from "./api";
import { BandChart } from "./chart";
import { ago, clock, num, selector, series, span, word } from "./format";
import { Badge, Card, Loaded, Spark, Why } from "./pieces";
import { Feedback, Ground } from "./said";

export function AnomalyCard(p: { id: string }) {
  return (
    <Card title="Is something wrong?" id="anomaly">
      <Loaded of={p.id} load={() => api.get<{ anomaly: api.Anomaly; points: api.Point[] }>("/v1/anomalies/" + p.id)}>
        {({ anomaly: a, points }) => (
          <>
            <p class="lead"><code>{series(a.labels)}</code></p>
            <p>
              <Badge tone={a.end ? "quiet" : "bad"}>{a.kind} {word(a.direction)}</Badge>{" "}
              since {clock(a.start)} ({ago(a.start)}): saw <b>{num(a.observed)}</b>, expected {num(a.expected)} ({num(a.lower)} to {num(a.upper)}),
              chance {a.peak_score > 0 ? <>1 in 10<sup>{a.peak_score.toFixed(0)}</sup></> : "–"}.
            </p>
            {a.peers && <p>Peers: {a.peers}.</p>}
            {a.held_back && <p>Nobody is told: {a.held_back}.</p>}
            <Ground a={a} />
            <BandChart points={points} start={a.start} label={"Values of " + series(a.labels) + " with the expected band"} />
            <Votes votes={a.votes} />
            <Feedback key={a.id} a={a} />
            <Why text={a.trace?.text} />
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Votes(p: { votes: api.Vote[] }) {
  if (!p.votes.length) return null;
  return (
    <table class="votes">
      <caption>Who voted</caption>
      <tbody>
        {p.votes.map((v) => (
          <tr key={v.member}>
            <th scope="row">{v.member}</th>
            <td class="bar"><span style={{ width: `${Math.max(1, v.share * 100)}%` }} /></td>
            <td class="number">{Math.round(v.share * 100)} %</td>
            <td class="number">p {num(v.p)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function MovedWith(p: { labels: Record<string, string>; start: string }) {
  const target = selector(p.labels);
  return (
    <Card title="What moved with it?" id="moved">
      <Loaded of={target} load={() => api.post<api.Correlation>("/v1/correlate", { series: target, k: 12 })}>
        {(c) => (
          <>
            {c.matches.length === 0 && <p>Nothing significant: no series moved like this one beyond chance.</p>}
            <table class="matches">
              <thead><tr><th>series</th><th>shape</th><th>lag</th><th>chance</th></tr></thead>
              <tbody>
                {c.matches.map((m) => (
                  <tr key={series(m.labels)}>
                    <td><code>{series(m.labels)}</code></td>
                    <td><Spark values={m.preview} flip={m.sign < 0} label={"shape of " + series(m.labels)} />{m.sign < 0 && <small> mirrored</small>}</td>
                    <td class="number">{lag(m.lag_seconds)}</td>
                    <td class="number" title={`p ${num(m.p)}, similarity ${num(m.similarity)}`}>q {num(m.q)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p class="quiet">Searched {c.stats.searched} series {c.stats.exact ? "exactly" : "in part"} in {num(Number(c.stats.wall_us) / 1000)} ms.</p>
            <Why text={c.trace?.text} />
          </>
        )}
      </Loaded>
      <Suspects start={p.start} />
    </Card>
  );
}

const lag = (s: number) => (s === 0 ? "same time" : s < 0 ? `${span(-s)} before` : `${span(s)} after`);

function Suspects(p: { start: string }) {
  return (
    <Loaded of={p.start} load={() => api.post<{ suspects: api.Suspect[]; trace: api.Trace }>("/v1/correlate:suspects", { incident: { start: p.start }, k: 5 })}>
      {(r) => (
        <>
          <h3>Who is to blame?</h3>
          <ol class="suspects">
            {r.suspects.map((s) => (
              <li key={s.entity}>
                <b>{s.entity}</b> {s.onset && <span>moved first at {clock(s.onset)}</span>}
                <br /><small><code>{s.series[0]}</code></small>
              </li>
            ))}
          </ol>
          <Why text={r.trace?.text} title="Why this order" />
        </>
      )}
    </Loaded>
  );
}
