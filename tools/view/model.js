// The recording: steps, operations by number, and what came from what.

const data = JSON.parse(document.getElementById("data").textContent);
const steps = data.steps;

// A step that changed nothing shows the step it equals.
const shown = index => steps[index].same === null ? steps[index] : steps[steps[index].same];

for (const [index, step] of steps.entries()) {
  step.index = index;
  step.cameFrom = new Map(step.from.flatMap(([origins, numbers]) => numbers.map(number => [number, origins])));
  if (step.same !== null) continue;
  step.lines = step.text.split("\n");
  step.rows = step.rows.map(([number, first, last, parent, operands], index) => ({index, number, first, last, parent, operands, users: []}));
  step.byNumber = new Map(step.rows.map(row => [row.number, row]));
  step.lineOp = new Array(step.lines.length).fill(-1);
  for (const row of step.rows) {
    for (let line = row.first; line <= row.last; line++) step.lineOp[line] = row.number;
    for (const operand of row.operands) step.byNumber.get(operand)?.users.push(row.number);
  }
  step.altered = new Set(step.altered);
}

for (const [index, step] of steps.entries()) {
  step.became = new Map();
  step.added = new Set();
  if (!index || step.same !== null) continue;
  const before = shown(index - 1);
  for (const row of step.rows) if (!before.byNumber.has(row.number)) step.added.add(row.number);
  for (const [number, origins] of step.cameFrom) {
    for (const origin of origins) {
      if (!step.became.has(origin)) step.became.set(origin, []);
      step.became.get(origin).push(number);
    }
  }
}

const opName = number => data.ops[number][0];
const opPlace = number => data.ops[number][1];
const lineOf = (step, number) => step.lines[step.byNumber.get(number).first].trim();

// The operations of the next step that one of step `index` became, itself among them if it is still there.
function onward(index, number) {
  const next = shown(index + 1);
  if (steps[index + 1].same !== null) return [number];
  const found = next.byNumber.has(number) ? [number] : [];
  return found.concat((steps[index + 1].became.get(number) || []).filter(one => one !== number));
}

// The operations of the step before that one of step `index` came from.
function backward(index, number) {
  const step = steps[index];
  if (step.same !== null) return [number];
  const found = shown(index - 1).byNumber.has(number) ? [number] : [];
  return found.concat((step.cameFrom.get(number) || []).filter(one => one !== number));
}

// An operation and those in its regions; a function stands for itself.
function withNested(step, number) {
  const row = step.byNumber.get(number);
  if (!row || /\.func$/.test(opName(number))) return [number];
  const found = [];
  for (let at = row.index; step.rows[at] && step.rows[at].last <= row.last; at++) found.push(step.rows[at].number);
  return found;
}

// For every step the operations that the held ones became or came from.
function traceOf(index, numbers) {
  const trace = steps.map(() => new Set());
  trace[index] = new Set(numbers.flatMap(number => withNested(shown(index), number)));
  for (let at = index; at + 1 < steps.length; at++) for (const one of trace[at]) for (const next of onward(at, one)) trace[at + 1].add(next);
  for (let at = index; at > 0; at--) for (const one of trace[at]) for (const before of backward(at, one)) trace[at - 1].add(before);
  return trace;
}

const placeOf = number => data.places[opPlace(number)];

// The operations of a step that were written on a source line, and those that its operations became.
function opsOfLine(index, source, line) {
  const onLine = number => {
    const place = placeOf(number);
    return Boolean(place) && place[0] === source && place[1] === line;
  };
  let reached = new Set(steps[0].rows.map(row => row.number).filter(onLine));
  for (let at = 0; at < index; at++) reached = new Set([...reached].flatMap(number => onward(at, number)));
  return shown(index).rows.map(row => row.number).filter(number => onLine(number) || reached.has(number));
}

// The places of everything that some operations of a step came from, in the program as it was written.
function placesBehind(index, numbers) {
  let reached = new Set(numbers);
  for (let at = index; at > 0; at--) reached = new Set([...reached].flatMap(number => backward(at, number)));
  return [...reached].map(placeOf).filter(Boolean);
}

const escapeText = text => text.replace(/[&<>"]/g, sign => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[sign]);

const TOKEN = new RegExp([
  /(?<s>"(?:[^"\\]|\\.)*"?)/, /(?<c>\/\/.*|(?:^|\s)[;#](?!\d).*$)/, /(?<v>[%^][\w$.-]+)/, /(?<y>@[\w$.-]+|!\d+)/,
  /(?<t>!?\b(?:tensor|memref|vector)<[^<>]*(?:<[^<>]*>[^<>]*)*>|![a-z]\w*\.\w+|\b(?:[fiu]\d+|ui\d+|index|double|float|ptr|void|bool)\b|<\d+ x \w+>)/,
  /(?<o>\b[a-z]\w*\.[\w.]+\b(?!")|\b(?:graph|state|return|update|require|define|declare|phi|br|load|store|call|getelementptr|icmp|fcmp|select|ret|def|import|from|lambda|for|in|if|else|with|as)\b)/,
  /(?<d>(?<![\w.])-?(?:0x[\da-fA-F]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)\b)/,
].map(part => part.source).join("|"), "g");

// A line as HTML: what the pieces are is told by classes of one letter.
function coloured(line) {
  let html = "", end = 0;
  for (const found of line.matchAll(TOKEN)) {
    const kind = Object.keys(found.groups).find(key => found.groups[key] !== undefined);
    html += escapeText(line.slice(end, found.index)) + `<span class="${kind}">${escapeText(found[0])}</span>`;
    end = found.index + found[0].length;
  }
  return html + escapeText(line.slice(end));
}
