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
  const text = fixed(value, decimals);
  if (!/[1-9]/.test(text)) return text.replace("-", "") + unit;
  return (value > 0 ? "+" : "") + text + unit;
}

function price(value) {
  if (value === null || value === undefined) return "N/A";
  const size = Math.floor(Math.log10(Math.abs(value)));
  return fixed(value, value ? Math.min(8, Math.max(2, 4 - size, 2 - 2 * size)) : 2);
}

function day(ms) {
  return new Date(ms).toISOString().slice(0, 10);
}

function when(ms) {
  return `${day(ms)} ${new Date(ms).toISOString().slice(11, 16)}`;
}

function tone(value) {
  return value > 0 ? "up" : value < 0 ? "down" : "";
}

function duration(minutes) {
  if (minutes < 60) return `${fixed(minutes, 0)} min`;
  if (minutes < 2880) return `${fixed(minutes / 60, 1)} h`;
  return `${fixed(minutes / 1440, 1)} d`;
}
