// The table of trades: sorted by a click on a heading, filtered above it; only the rows in sight exist.
const ROW = 28;
const COLUMNS = [
  { key: "closed", label: "Closed", show: (trade) => when(trade.closed), text: true },
  { key: "opened", label: "Opened", show: (trade) => when(trade.opened), text: true },
  { key: "symbol", label: "Symbol", text: true },
  { key: "strategy", label: "Strategy", text: true },
  { key: "side", label: "Side", text: true },
  { key: "pnl", label: "PnL", show: (trade) => signed(trade.pnl, 2, " %"), tone: true },
  { key: "pnl_cost", label: "PnL (money)", show: (trade) => signed(trade.pnl_cost, 2), tone: true },
  { key: "reason", label: "Closed by", text: true },
  { key: "minutes", label: "Duration", show: (trade) => duration(trade.minutes) },
  { key: "open", label: "Entry", show: (trade) => price(trade.open) },
  { key: "close", label: "Exit", show: (trade) => price(trade.close) },
  { key: "target", label: "Target", show: (trade) => price(trade.target) },
  { key: "stop", label: "Stop", show: (trade) => price(trade.stop) },
  { key: "best", label: "Best", show: (trade) => signed(trade.best, 2, " %") },
  { key: "worst", label: "Worst", show: (trade) => signed(trade.worst, 2, " %") },
  { key: "note", label: "Note", text: true },
];
const trades = data.trades.rows.map((row) => {
  const trade = Object.fromEntries(data.trades.columns.map((name, index) => [name, row[index]]));
  trade.minutes = (trade.closed - trade.opened) / MINUTE;
  trade.words = [trade.id, trade.symbol, trade.strategy, trade.side, trade.reason, trade.note].join(" ").toLowerCase();
  return trade;
});

class TradeTable {
  constructor(onChoice) {
    this.onChoice = onChoice;
    this.order = { key: "closed", falling: true };
    // A column that says the same in every row says nothing.
    const varied = (key) => new Set(trades.map((trade) => trade[key])).size > 1;
    this.columns = COLUMNS.filter((column) => !["symbol", "strategy", "side", "note"].includes(column.key) || varied(column.key));
    this.box = byId("trades");
    this.box.addEventListener("scroll", () => this.fill());
    this.heads();
    this.choices("filter-symbol", "All symbols", "symbol");
    this.choices("filter-side", "Both sides", "side");
    this.choices("filter-reason", "Any reason", "reason");
    byId("filter-text").addEventListener("input", () => this.update());
    this.update();
  }

  heads() {
    const row = element("tr");
    for (const column of this.columns) {
      const head = element("th", undefined, column.text ? "text" : ""), button = element("button", column.label);
      button.type = "button";
      button.addEventListener("click", () => this.sort(column.key));
      head.append(button);
      head.scope = "col";
      column.head = head;
      row.append(head);
    }
    this.box.querySelector("thead").append(row);
  }

  choices(id, all, key) {
    const found = [...new Set(trades.map((trade) => trade[key]))].sort(), select = byId(id);
    select.append(new Option(all, ""), ...found.map((value) => new Option(value, value)));
    select.hidden = found.length < 2;
    select.addEventListener("change", () => this.update());
  }

  sort(key) {
    this.order = { key, falling: this.order.key === key ? !this.order.falling : true };
    this.update();
  }

  update() {
    const wanted = { symbol: byId("filter-symbol").value, side: byId("filter-side").value, reason: byId("filter-reason").value };
    const words = byId("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const { key, falling } = this.order;
    this.rows = trades
      .filter((trade) => Object.entries(wanted).every(([name, value]) => !value || trade[name] === value))
      .filter((trade) => words.every((word) => trade.words.includes(word)))
      .sort((one, other) => (one[key] < other[key] ? -1 : one[key] > other[key] ? 1 : 0) * (falling ? -1 : 1));
    const total = this.rows.reduce((sum, trade) => sum + trade.pnl_cost, 0);
    byId("trade-count").textContent =
      `${fixed(this.rows.length, 0)} of ${fixed(trades.length, 0)}, together ${signed(total, 2)} ${data.currency}`;
    for (const column of this.columns)
      column.head.setAttribute("aria-sort", column.key !== key ? "none" : falling ? "descending" : "ascending");
    this.box.scrollTop = 0;
    this.fill();
  }

  fill() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 8);
    const last = Math.min(this.rows.length, first + Math.ceil((this.box.clientHeight || 460) / ROW) + 16);
    const body = this.box.querySelector("tbody");
    body.replaceChildren(
      this.space(first), ...this.rows.slice(first, last).map((trade) => this.row(trade)), this.space(this.rows.length - last),
    );
  }

  space(rows) {
    const row = element("tr", undefined, "space"), cell = element("td");
    cell.colSpan = this.columns.length;
    cell.style.height = `${rows * ROW}px`;
    row.append(cell);
    return row;
  }

  row(trade) {
    const row = element("tr", undefined, trade === this.chosen ? "chosen" : "");
    for (const column of this.columns) {
      const words = column.show ? column.show(trade) : String(trade[column.key]);
      const classes = [column.text ? "text" : "", column.tone ? tone(trade[column.key]) : ""].join(" ").trim();
      row.append(element("td", words, classes));
    }
    row.addEventListener("click", () => {
      this.chosen = trade;
      this.fill();
      this.onChoice(trade);
    });
    return row;
  }
}
