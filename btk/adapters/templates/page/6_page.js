// What stands around the charts, and the start of everything.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function headings() {
  byId("title").textContent = data.title;
  byId("subtitle").textContent = data.subtitle;
  byId("footer").textContent = data.footer;
  const list = byId("warnings");
  data.warnings.forEach((warning) => list.append(element("li", warning)));
  list.hidden = !data.warnings.length;
}

function tiles() {
  for (const tile of data.tiles) {
    const box = element("div");
    box.append(element("dt", tile.label), element("dd", tile.text, tile.toned ? tone(tile.value) : ""));
    byId("tiles").append(box);
  }
}

function months() {
  const table = byId("months"), head = element("tr");
  ["", ...MONTHS, "Year"].forEach((name) => head.append(element("th", name)));
  table.append(head);
  const most = Math.max(...data.months.flatMap((year) => year.months.map((value) => Math.abs(value || 0))), 1e-9);
  for (const year of data.months) {
    const row = element("tr");
    row.append(element("th", String(year.year)));
    year.months.forEach((value) => row.append(monthCell(value, most)));
    row.append(element("td", signed(year.total, 2, " %"), tone(year.total)));
    table.append(row);
  }
}

function monthCell(value, most) {
  const cell = element("td", value === null ? "" : signed(value, 2));
  if (value) {
    const share = Math.round(8 + (47 * Math.abs(value)) / most);
    cell.style.background = `color-mix(in srgb, var(--${value > 0 ? "up" : "down"}) ${share}%, transparent)`;
  }
  return cell;
}

function figures() {
  for (const figure of data.figures) {
    const row = element("div");
    row.append(element("dt", figure.label), element("dd", figure.text));
    byId("figures").append(row);
  }
}

headings();
tiles();
months();
figures();
equityPlot();
const chart = data.symbols.length ? new CandleChart() : null;
new TradeTable((trade) => chart && chart.focus(trade));
const linked = trades.find((trade) => `#${trade.id}` === decodeURIComponent(location.hash));
if (chart && linked) chart.focus(linked);
document.documentElement.dataset.ready = "yes";
