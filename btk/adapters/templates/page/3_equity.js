// Equity of the wallet above, how far it is below its peak beneath.
function equityPlot() {
  const times = data.equity.at_ms, values = data.equity.value;
  let peak = data.start_equity === null ? values[0] : data.start_equity;
  const falls = values.map((value) => {
    peak = Math.max(peak, value);
    return peak > 0 ? (value / peak - 1) * 100 : 0;
  });
  new Plot(byId("equity"), (plot) => {
    if (values.length < 2) return plot.text("There is no equity curve.", 12, 24, plot.colour("muted"));
    const [from, to] = [times[0], times[times.length - 1]], right = plot.width - 74;
    const low = Math.min(...values), high = Math.max(...values), pad = (high - low) * 0.06 || 1;
    const top = areaOf(6, 8, right, 196, from, to, low - pad, high + pad);
    const deepest = Math.min(...falls, -0.01);
    const below = areaOf(6, 212, right, 280, from, to, deepest * 1.1, 0);
    plot.times(top, from, to, plot.height);
    plot.grid(top, low - pad, high + pad, fixed);
    plot.grid(below, deepest, 0, (value, decimals) => `${fixed(value, decimals)} %`, 2);
    curve(plot, top, times, values, plot.colour("accent"), 1.6);
    shade(plot, below, times, falls);
    const start = values[0];
    plot.line(top.left, top.y(start), top.right, top.y(start), plot.colour("muted"), [3, 4]);
    if (plot.pointer) pointed(plot, top, below, times, values, falls);
  });
}

function curve(plot, area, times, values, colour, thickness) {
  const { pen } = plot;
  pen.strokeStyle = colour;
  pen.lineWidth = thickness;
  pen.beginPath();
  times.forEach((at, index) => pen.lineTo(area.x(at), area.y(values[index])));
  pen.stroke();
}

function shade(plot, area, times, falls) {
  const { pen } = plot;
  pen.fillStyle = plot.colour("down");
  pen.globalAlpha = 0.28;
  pen.beginPath();
  pen.moveTo(area.x(times[0]), area.y(0));
  times.forEach((at, index) => pen.lineTo(area.x(at), area.y(falls[index])));
  pen.lineTo(area.x(times[times.length - 1]), area.y(0));
  pen.fill();
  pen.globalAlpha = 1;
  curve(plot, area, times, falls, plot.colour("down"), 1);
}

function pointed(plot, top, below, times, values, falls) {
  const x = Math.max(top.left, Math.min(plot.pointer.x, top.right));
  const index = Math.min(firstAtLeast(times, top.at(x)), times.length - 1);
  plot.line(x, top.top, x, below.bottom, plot.colour("muted"));
  plot.box(
    [when(times[index]), `${fixed(values[index], 2)} ${data.currency}`, `drawdown ${fixed(falls[index], 2)} %`],
    x, plot.pointer.y,
  );
}
