// Numbers and times as words.

const grouped = (number) => Number(number).toLocaleString("en-US", { maximumFractionDigits: 0 });
const counted = (number, one, many = one + "s") => grouped(number) + " " + (Number(number) === 1 ? one : many);
/// Nanoseconds as milliseconds: the whole ones, and three digits more where they aren't zero.
const splitTime = (t) => {
  const micros = Math.floor(t / 1000);
  const rest = micros % 1000;
  return [grouped(Math.floor(micros / 1000)), rest === 0 ? "" : "." + String(rest).padStart(3, "0")];
};
const timeText = (t) => splitTime(t).join("") + " ms";

function span(nanoseconds) {
  const seconds = nanoseconds / 1e9;
  if (seconds < 1) return Number((nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 3 : 0)) + " ms";
  if (seconds < 60) return Number(seconds.toFixed(seconds < 10 ? 2 : 1)) + " s";
  /** @type {[string, number][]} */
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[first];
  const whole = Math.floor(seconds / size);
  const text = name === "day" ? counted(whole, "day") : grouped(whole) + " " + name;
  if (first === 3) return text;
  const rest = Math.floor((seconds % size) / units[first + 1][1]);
  return rest === 0 ? text : text + " " + rest + " " + units[first + 1][0];
}

function rate(amount, milliseconds) {
  const value = amount / (milliseconds / 1000);
  return value < 10 ? value.toFixed(1) : grouped(value);
}
