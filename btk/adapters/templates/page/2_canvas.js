// A canvas with axes: sharp on every screen, drawn again when its size or its view changes.
class Plot {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.height = Number(canvas.getAttribute("height"));
    this.draw = draw;
    this.pointer = null;
    this.waiting = false;
    new ResizeObserver(() => this.refresh()).observe(canvas.parentElement);
    canvas.addEventListener("pointermove", (event) => {
      this.pointer = { x: event.offsetX, y: event.offsetY };
      this.refresh();
    });
    canvas.addEventListener("pointerleave", () => { this.pointer = null; this.refresh(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh());
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const scale = window.devicePixelRatio || 1, width = this.canvas.parentElement.clientWidth;
    if (!width) return;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.height = `${this.height}px`;
    const styles = getComputedStyle(document.documentElement);
    this.colour = (name) => styles.getPropertyValue(`--${name}`).trim();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, this.height);
    pen.font = "11px system-ui, sans-serif";
    this.pen = pen;
    this.width = width;
    this.draw(this);
  }

  line(x1, y1, x2, y2, colour, dash = [], thickness = 1) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = thickness;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
    pen.setLineDash([]);
  }

  text(words, x, y, colour, align = "left") {
    this.pen.fillStyle = colour;
    this.pen.textAlign = align;
    this.pen.fillText(words, x, y);
  }

  box(lines, x, y) {
    const { pen } = this, wide = Math.max(...lines.map((line) => pen.measureText(line).width)) + 16;
    const high = lines.length * 15 + 10;
    const left = x + wide + 16 > this.width ? x - wide - 12 : x + 12;
    const top = Math.max(2, Math.min(y - high / 2, this.height - high - 2));
    pen.fillStyle = this.colour("panel");
    pen.strokeStyle = this.colour("line");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.roundRect(left, top, wide, high, 5);
    pen.fill();
    pen.stroke();
    lines.forEach((line, row) => this.text(line, left + 8, top + 17 + row * 15, this.colour("ink")));
  }

  grid(area, low, high, show, rows = 5) {
    const values = ticks(low, high, rows), decimals = decimalsOf(values.length > 1 ? values[1] - values[0] : 1);
    for (const value of values) {
      const y = area.y(value);
      this.line(area.left, y, area.right, y, this.colour("line"));
      this.text(show(value, decimals), area.right + 6, y + 4, this.colour("muted"));
    }
  }

  times(area, from, to, bottom) {
    for (const at of timeTicks(from, to, Math.max(2, Math.floor((area.right - area.left) / 110)))) {
      const x = area.x(at);
      this.line(x, area.top, x, bottom - 16, this.colour("line"));
      const words = at % DAY === 0 ? day(at) : when(at).slice(5);
      this.text(words, Math.max(area.left + 30, Math.min(x, area.right - 26)), bottom - 3, this.colour("muted"), "center");
    }
  }
}

function timeTicks(from, to, most) {
  const step = TIME_STEPS.find((one) => (to - from) / one <= most), found = [];
  if (!step) return monthTicks(from, to, most);
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

function monthTicks(from, to, most) {
  const step = [1, 2, 3, 6, 12].find((one) => (to - from) / (one * 30 * DAY) <= most) || 24, found = [];
  const first = new Date(from);
  for (let month = 0; ; month += step) {
    const at = Date.UTC(first.getUTCFullYear(), month, 1);
    if (at > to) return found;
    if (at >= from) found.push(at);
  }
}

const TIME_STEPS = [
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE), ...[1, 2, 4, 8, 12].map((hours) => hours * HOUR),
  ...[1, 2, 4, 7].map((days) => days * DAY),
];

function ticks(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const found = [];
  // No tick is minus nothing.
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value || 0);
  return found;
}

function decimalsOf(step) {
  let decimals = 0;
  while (decimals < 8 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) decimals += 1;
  return decimals;
}

function areaOf(left, top, right, bottom, fromX, toX, low, high) {
  const spread = high - low || 1, span = toX - fromX || 1;
  return {
    left, top, right, bottom,
    x: (at) => left + ((at - fromX) / span) * (right - left),
    y: (value) => bottom - ((value - low) / spread) * (bottom - top),
    at: (x) => fromX + ((x - left) / (right - left)) * span,
  };
}

function firstAtLeast(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}
