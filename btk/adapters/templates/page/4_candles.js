// Candles of one symbol with its trades; wheel and buttons zoom, dragging moves.
const MOST_DRAWN = 250;

class CandleChart {
  constructor() {
    this.symbol = null;
    this.chosen = null;
    this.plot = new Plot(byId("candles"), (plot) => this.draw(plot));
    const canvas = byId("candles");
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.held = event.offsetX; });
    canvas.addEventListener("pointerup", () => { this.held = null; });
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    byId("zoom-in").addEventListener("click", () => this.zoom(0.5));
    byId("zoom-out").addEventListener("click", () => this.zoom(2));
    byId("zoom-all").addEventListener("click", () => this.show(data.frame.from_ms, data.frame.to_ms));
    const choice = byId("symbol");
    data.symbols.forEach((symbol) => choice.append(new Option(symbol.name, symbol.name)));
    choice.addEventListener("change", () => this.choose(choice.value));
    this.choose(data.symbols[0].name);
  }

  choose(name) {
    if (this.symbol && this.symbol.name === name) return;
    this.symbol = data.symbols.find((symbol) => symbol.name === name);
    this.trades = trades.filter((trade) => trade.symbol === name).sort((one, other) => one.opened - other.opened);
    byId("symbol").value = name;
    byId("candle-legend").textContent = this.symbol.bars
      ? `${this.symbol.bars.interval} candles. Triangles are entries, dots are exits (green won, red lost); lines between ` +
        "them are the target (green) and the stop (red). Click, then the wheel or +/- zooms; dragging or arrows move; a row of the table below jumps to its trade."
      : `No candles: ${data.candles_missing}`;
    this.show(data.frame.from_ms, data.frame.to_ms);
  }

  show(from, to) {
    const whole = data.frame.to_ms - data.frame.from_ms;
    const least = (this.symbol.bars ? this.symbol.bars.step_ms : MINUTE) * 20;
    const span = Math.min(whole, Math.max(to - from, least)), middle = (from + to) / 2;
    this.from = Math.max(data.frame.from_ms, Math.min(middle - span / 2, data.frame.to_ms - span));
    this.to = this.from + span;
    this.plot.refresh();
  }

  focus(trade) {
    this.choose(trade.symbol);
    this.chosen = trade;
    const span = Math.max(trade.closed - trade.opened, HOUR);
    this.show(trade.opened - span * 1.5, trade.closed + span * 1.5);
    byId("market").scrollIntoView({ block: "nearest" });
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    this.show(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  wheel(event) {
    if (!this.area || !(event.ctrlKey || event.shiftKey || document.activeElement === this.plot.canvas)) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.area.at(event.offsetX));
  }

  drag(event) {
    if (this.held === null || this.held === undefined || !event.buttons || !this.area) return;
    this.move(((this.held - event.offsetX) / (this.area.right - this.area.left)) * (this.to - this.from));
    this.held = event.offsetX;
  }

  move(by) {
    this.show(this.from + by, this.to + by);
  }

  key(event) {
    const step = (this.to - this.from) / 5;
    const actions = {
      "+": () => this.zoom(0.5), "-": () => this.zoom(2),
      ArrowLeft: () => this.move(-step), ArrowRight: () => this.move(step),
    };
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
  }

  draw(plot) {
    const columns = this.columns(Math.max(60, Math.floor((plot.width - 90) / 3)));
    const shown = this.trades.filter((trade) => trade.closed >= this.from && trade.opened <= this.to);
    const [low, high] = this.bounds(columns, shown);
    if (low === Infinity) return plot.text("Nothing to draw here.", 12, 24, plot.colour("muted"));
    const pad = (high - low) * 0.05 || 1;
    this.area = areaOf(6, 8, plot.width - 84, plot.height - 22, this.from, this.to, low - pad, high + pad);
    plot.times(this.area, this.from, this.to, plot.height);
    plot.grid(this.area, low - pad, high + pad, fixed, 7);
    plot.pen.save();
    plot.pen.beginPath();
    plot.pen.rect(this.area.left, 0, this.area.right - this.area.left, plot.height - 20);
    plot.pen.clip();
    this.candles(plot, columns);
    // Thousands of full dots would hide the candles.
    plot.pen.globalAlpha = shown.length > 5 * MOST_DRAWN ? 0.35 : 1;
    shown.forEach((trade) => (shown.length > MOST_DRAWN ? this.dot(plot, trade) : this.trade(plot, trade)));
    plot.pen.restore();
    this.tooltip(plot, columns, shown);
  }

  // Several bars become one column as soon as they would not have three pixels each.
  columns(most) {
    const { bars } = this.symbol;
    if (!bars) return [];
    const first = Math.max(0, Math.floor((this.from - bars.first_ms) / bars.step_ms));
    const last = Math.min(bars.close.length, Math.ceil((this.to - bars.first_ms) / bars.step_ms));
    const each = Math.max(1, Math.ceil((last - first) / most)), found = [];
    for (let start = first - (first % each); start < last; start += each) {
      const column = { at: bars.first_ms + start * bars.step_ms, span: each * bars.step_ms, high: -Infinity, low: Infinity };
      for (let row = start; row < Math.min(start + each, bars.close.length); row++) {
        if (bars.close[row] === null) continue;
        if (column.open === undefined) column.open = bars.open[row];
        column.close = bars.close[row];
        column.high = Math.max(column.high, bars.high[row]);
        column.low = Math.min(column.low, bars.low[row]);
      }
      if (column.open !== undefined) found.push(column);
    }
    return found;
  }

  bounds(columns, shown) {
    let low = Infinity, high = -Infinity;
    const take = (value) => { low = Math.min(low, value); high = Math.max(high, value); };
    columns.forEach((column) => { take(column.low); take(column.high); });
    if (shown.length <= 3 || !columns.length)
      shown.forEach((trade) => [trade.open, trade.close, trade.target, trade.stop].forEach(take));
    return [low, high];
  }

  candles(plot, columns) {
    const { pen } = plot, { area } = this;
    for (const column of columns) {
      const x = area.x(column.at + column.span / 2);
      const wide = Math.max(1, (area.x(column.at + column.span) - area.x(column.at)) * 0.7);
      pen.fillStyle = plot.colour(column.close >= column.open ? "up" : "down");
      pen.globalAlpha = 0.75;
      const [top, bottom] = [area.y(column.high), area.y(column.low)];
      pen.fillRect(x - 0.5, top, 1, Math.max(1, bottom - top));
      const [head, foot] = [area.y(Math.max(column.open, column.close)), area.y(Math.min(column.open, column.close))];
      pen.fillRect(x - wide / 2, head, wide, Math.max(1, foot - head));
    }
    pen.globalAlpha = 1;
  }

  dot(plot, trade) {
    const { pen } = plot;
    pen.fillStyle = plot.colour(trade.pnl > 0 ? "up" : "down");
    pen.beginPath();
    pen.arc(this.area.x(trade.opened), this.area.y(trade.open), 2, 0, 7);
    pen.fill();
  }

  trade(plot, trade) {
    const { area } = this, { pen } = plot;
    const [x1, x2] = [area.x(trade.opened), Math.max(area.x(trade.closed), area.x(trade.opened) + 2)];
    const strong = trade === this.chosen ? 2 : 1;
    plot.line(x1, area.y(trade.target), x2, area.y(trade.target), plot.colour("target"), [], strong);
    plot.line(x1, area.y(trade.stop), x2, area.y(trade.stop), plot.colour("stop"), [], strong);
    plot.line(x1, area.y(trade.open), x2, area.y(trade.close), plot.colour("ink"), [2, 3], strong);
    const up = trade.side === "long" ? 1 : -1, y = area.y(trade.open);
    pen.fillStyle = plot.colour("accent");
    pen.strokeStyle = plot.colour("panel");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x1, y - 6 * up);
    pen.lineTo(x1 - 6, y + 5 * up);
    pen.lineTo(x1 + 6, y + 5 * up);
    pen.closePath();
    pen.fill();
    pen.stroke();
    pen.fillStyle = plot.colour(trade.pnl > 0 ? "up" : "down");
    pen.beginPath();
    pen.arc(x2, area.y(trade.close), 4, 0, 7);
    pen.fill();
    pen.stroke();
  }

  tooltip(plot, columns, shown) {
    const { pointer } = plot;
    if (!pointer || pointer.x > this.area.right) return;
    plot.line(pointer.x, this.area.top, pointer.x, this.area.bottom, plot.colour("muted"), [2, 3]);
    const near = this.nearest(shown, pointer);
    if (near) return plot.box(tradeLines(near), pointer.x, pointer.y);
    const at = this.area.at(pointer.x), column = columns.findLast((one) => one.at <= at);
    if (!column || at > column.at + column.span) return;
    const words = ["open", "high", "low", "close"].map((name) => `${name} ${price(column[name])}`);
    plot.box([when(column.at), ...words], pointer.x, pointer.y);
  }

  nearest(shown, pointer) {
    let best = null, least = 12;
    for (const trade of shown) {
      for (const [at, value] of [[trade.opened, trade.open], [trade.closed, trade.close]]) {
        const away = Math.hypot(this.area.x(at) - pointer.x, this.area.y(value) - pointer.y);
        if (away < least) { least = away; best = trade; }
      }
    }
    return best;
  }
}

function tradeLines(trade) {
  return [
    `${trade.side} ${trade.symbol} ${signed(trade.pnl, 2, " %")}, ${trade.reason}`,
    `in ${when(trade.opened)} at ${price(trade.open)}`,
    `out ${when(trade.closed)} at ${price(trade.close)}`,
    `target ${price(trade.target)}, stop ${price(trade.stop)}`,
  ];
}
