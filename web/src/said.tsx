// What an anomaly's verdict rests on, which deploy came before it, and what
// people said of it, with the buttons to say so.
import { useState } from "preact/hooks";
import * as api from "./api";
import { clock, num, span } from "./format";

export function Ground({ a }: { a: api.Anomaly }) {
  return (
    <p class="quiet">
      {a.change && <>Changed at {clock(a.change)}. </>}
      {a.effect !== 0 && <>{num(Math.abs(a.effect))} times its usual reach{a.e_value && a.e_value > 1 ? <>, e-value {num(a.e_value)}</> : null}, </>}
      against {span(parseFloat(a.baseline ?? "0"))} of history (state <code>{a.state_hash}</code>).
      {a.deploy && <> After deploy <b>{a.deploy}</b>.</>}
    </p>
  );
}

export function Feedback(p: { a: api.Anomaly }) {
  const [said, setSaid] = useState<api.Feedback | null>(p.a.feedback);
  const [problem, setProblem] = useState("");
  const say = async (useful: boolean) => {
    try {
      const r = await api.post<{ anomaly: api.Anomaly }>(`/v1/anomalies/${encodeURIComponent(p.a.id)}:feedback`, { useful, note: "from the page" });
      setSaid(r.anomaly.feedback);
      setProblem("");
    } catch (e) {
      setProblem((e as Error).message);
    }
  };
  return (
    <p class="feedback">
      {said && <>Said to be {said.useful ? "useful" : "no anomaly"}{said.note && <>: {said.note}</>}. </>}
      <button type="button" disabled={said?.useful === false} onClick={() => say(false)} title="The like of it needs more evidence from now on, less so with every day, until 30 days have passed">Not an anomaly</button>{" "}
      <button type="button" disabled={said?.useful === true} onClick={() => say(true)}>Useful</button>
      {problem && <span class="problem"> {problem}</span>}
    </p>
  );
}
