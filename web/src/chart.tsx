// A series with its expected band; what is anomalous is marked below it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Point } from "./api";

export function BandChart(p: { points: Point[]; start?: string; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = box.current!;
    const css = (name: string) => getComputedStyle(el).getPropertyValue(name).trim();
    const t = p.points.map((x) => Number(x.timestamp_ms) / 1000);
    const opt = (f: (x: Point) => number | undefined) => p.points.map((x) => f(x) ?? null);
    const data = [t, opt((x) => x.upper), opt((x) => x.lower), opt((x) => x.expected), opt((x) => x.value), opt((x) => (x.anomalous ? x.value : undefined))];
    const axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
    const chart = new uPlot({
      width: el.clientWidth, height: 240, legend: { live: true }, cursor: { points: { size: 6 } },
      axes: [axis, { ...axis, size: 64 }],
      bands: [{ series: [1, 2], fill: css("--band") }],
      series: [
        {}, { label: "upper", stroke: "transparent", points: { show: false } }, { label: "lower", stroke: "transparent", points: { show: false } },
        { label: "expected", stroke: css("--quiet"), dash: [4, 4], width: 1, points: { show: false } },
        { label: "value", stroke: css("--ink"), width: 1.5, points: { show: false } },
        { label: "anomalous", stroke: css("--bad"), width: 2.5, points: { show: false } },
      ],
      hooks: p.start ? { draw: [(u: any) => mark(u, Date.parse(p.start!) / 1000, css("--bad"))] } : {},
    } as any, data as any, el);
    const resized = new ResizeObserver(() => chart.setSize({ width: el.clientWidth, height: 240 }));
    resized.observe(el);
    return () => { resized.disconnect(); chart.destroy(); };
  }, [p.points, p.start]);
  return <div class="chart" ref={box} role="img" aria-label={p.label} />;
}

function mark(u: any, at: number, color: string) {
  const x = Math.round(u.valToPos(at, "x", true));
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
  u.ctx.save();
  u.ctx.strokeStyle = color;
  u.ctx.setLineDash([3, 3]);
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.restore();
}
