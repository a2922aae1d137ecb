// One line about the work under way: rewritten each second on a terminal, and otherwise printed at the start, now and then,
// and at the end.
const terminal = process.stdout.isTTY;
const running = new Map(); // label → when it started
const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;
let timer;

const line = () => [...running].map(([label, since]) => `${label}… ${seconds(since)}`).join(' · ');

/** As much of it as fits into the width, whole: what does not is counted. */
function fitting(width) {
  const parts = line().split(' · ');
  for (let n = parts.length; n > 0; n -= 1) {
    const text = [...parts.slice(0, n), ...n < parts.length ? [`and ${parts.length - n} more`] : []].join(' · ');
    if (text.length < width || n === 1) return text.slice(0, width - 1);
  }
  return '';
}
const draw = () => process.stdout.write(`\r\x1b[K${fitting(process.stdout.columns || 80)}`);

/** Announces some work; the returned function ends it. Work of less than a second leaves no line. */
export function progress(label) {
  const since = Date.now();
  running.set(label, since);
  if (!timer) timer = setInterval(terminal ? draw : () => console.log(line()), terminal ? 1000 : 15_000);
  const late = terminal ? undefined : setTimeout(() => console.log(`${label}…`), 1000);
  return (ok) => {
    clearTimeout(late);
    running.delete(label);
    if (terminal) process.stdout.write('\r\x1b[K');
    if (ok && Date.now() - since > 1000) console.log(`${label}: done in ${seconds(since)}`);
    if (running.size === 0) timer = clearInterval(timer);
    else if (terminal) draw();
  };
}
