// Numbers, dates and elements.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fixed(value, decimals) {
  if (value === null || value === undefined) return "N/A";
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function signed(value, decimals, unit = "") {
  if (value === null || value === undefined) return "N/A";
  return (value > 0 ? "+" : "") + fixed(value, decimals) + unit;
}

function price(value) {
  if (value === null || value === undefined) return "N/A";
  const size = Math.abs(value);
  const decimals = size > 0 ? Math.min(8, Math.max(2, 2 - 2 * Math.floor(Math.log10(size)))) : 2;
  return fixed(value, decimals);
}

function when(ms) {
  const text = new Date(ms).toISOString();
  return ms % DAY === 0 ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

function tone(value) {
  return value > 0 ? "up" : value < 0 ? "down" : "";
}

function duration(minutes) {
  if (minutes < 60) return `${fixed(minutes, 0)} min`;
  if (minutes < 2880) return `${fixed(minutes / 60, 1)} h`;
  return `${fixed(minutes / 1440, 1)} d`;
}
