// What is looked at, and what people do: point, click, press keys, follow links.

const state = {step: 0, mode: "drawing", diff: true, held: [], heldLine: null, trace: null, hover: null, hoverLine: null, hits: [], hit: -1};
const element = id => document.getElementById(id);

// Passes that run several times are told apart by a number: canonicalize, canonicalize.2.
const linkNames = steps.map((step, index) => {
  const before = steps.slice(0, index).filter(other => other.name === step.name).length;
  return before ? `${step.name}.${before + 1}` : step.name;
});

function go(index) {
  state.step = Math.max(0, Math.min(steps.length - 1, index));
  state.hover = null;
  const now = state.trace ? [...state.trace[state.step]] : [];
  state.held = now;
  render();
  if (now.length) reveal(now[0]);
}

// Hold operations: they stay marked, and so does what they become.
function hold(numbers, scroll, line = null) {
  state.held = numbers;
  state.heldLine = line;
  state.trace = numbers.length ? traceOf(state.step, numbers) : null;
  state.hover = null;
  highlight(scroll);
  paintTimeline();
  writeLink();
  if (scroll && numbers.length) reveal(numbers[0]);
}

function mode() {
  return shown(state.step).drawings.length ? state.mode : "text";
}

function reveal(number) {
  if (mode() === "text") revealText(number); else revealDrawing(number);
}

function render() {
  const step = steps[state.step], content = shown(state.step), drawn = mode() === "drawing";
  element("step-title").textContent = `${step.name}: ${step.title}`;
  element("step-title").title = element("step-title").textContent;
  element("counts").innerHTML = countsHtml(step, content);
  drawingPane.hidden = !drawn;
  textPane.hidden = drawn;
  drawingPane.style.display = drawn ? "" : "none";
  textPane.style.display = drawn ? "none" : "";
  element("zoom").style.visibility = drawn ? "" : "hidden";
  element("diff-label").style.display = !drawn && canDiff(state.step) ? "" : "none";
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode()));
    button.disabled = button.dataset.mode === "drawing" && !content.drawings.length;
  }
  const notes = [];
  if (step.same !== null) notes.push("This pass changed nothing.");
  else if (fresh(state.step)) notes.push("Everything is written anew here; hold an operation, or point at a source line, to see what it became.");
  element("note").textContent = notes.join(" ");
  element("note").hidden = !notes.length;
  if (drawn) showDrawing(state.step); else showText(state.step, state.diff);
  paintUsed();
  paintTimeline();
  search(false);
  highlight(false);
  writeLink();
}

const unit = step => ["llvmir", "asm"].includes(step.level) ? "instruction" : "operation";

function countsHtml(step, content) {
  const parts = [`<span>${count(content.rows.length, unit(content))}</span>`];
  if (step.index && step.same === null && !fresh(step.index)) {
    for (const [sign, kind, number] of [["+", "added", step.added.size], ["−", "removed", step.removed.length], ["~", "altered", step.altered.size]]) {
      if (number) parts.push(`<span class="${kind}" title="${kind}">${sign}${number}</span>`);
    }
  }
  if (step.index) parts.push(`<span class="time">${milliseconds(step.ms)}</span>`);
  return parts.join("");
}

// --- highlighting -----------------------------------------------------------------------------------------------------

let marks = new Map();

function highlight(scrollSource) {
  const step = shown(state.step), numbers = (state.hover || state.held).filter(number => step.byNumber.has(number));
  marks = new Map();
  if (numbers.length === 1) {
    const row = step.byNumber.get(numbers[0]);
    for (const user of row.users) marks.set(user, "user");
    for (const operand of row.operands) marks.set(operand, "operand");
  }
  if (state.hover) for (const held of state.held) if (!marks.has(held)) marks.set(held, "kin");
  for (const number of numbers) marks.set(number, "on");
  paint(textPane.querySelectorAll("[data-n]"));
  paintBoxes(step);
  paintSource(numbers, scrollSource !== false);
  inspect(numbers);
  element("live").textContent = numbers.length === 1 ? lineOf(step, numbers[0]) : "";
}

const KINDS = ["on", "operand", "user", "kin"];

function paint(lines) {
  const hits = new Set(state.hits);
  for (const line of lines) {
    const number = +line.dataset.n, mark = marks.get(number), whole = mark === "on" || line.id;
    for (const kind of KINDS) line.classList.toggle(kind, Boolean(whole) && mark === kind);
    line.classList.toggle("hit", Boolean(line.id) && hits.has(number));
  }
}

function paintBoxes(step) {
  for (const box of drawingPane.querySelectorAll(".box, .edge")) box.classList.remove(...KINDS, "in", "out", "hit");
  for (const kind of ["kin", "user", "operand", "on"]) {
    for (const [number, mark] of marks) if (mark === kind) boxOf(step, number)?.classList.add(kind);
  }
  for (const number of state.hits) boxOf(step, number)?.classList.add("hit");
  const lit = new Set([...drawingPane.querySelectorAll(".box.on")].map(box => box.dataset.n));
  if (lit.size !== 1) return;
  for (const edge of drawingPane.querySelectorAll(".edge")) {
    edge.classList.toggle("in", lit.has(edge.dataset.b));
    edge.classList.toggle("out", lit.has(edge.dataset.a));
  }
}

// --- pointing and clicking --------------------------------------------------------------------------------------------

function lineAt(target) {
  const line = target.closest("#source [data-line]");
  return line && [+line.dataset.source, +line.dataset.line];
}

function numbersAt(target) {
  const own = target.closest("#text [data-n], #drawing [data-n]");
  if (own) return [+own.dataset.n];
  const line = lineAt(target);
  return line ? opsOfLine(state.step, ...line) : null;
}

const same = (a, b) => a === b || (a && b && a.length === b.length && a.every((one, place) => one === b[place]));

document.addEventListener("pointerover", event => {
  if (event.buttons) return;
  const found = numbersAt(event.target), inside = event.target.closest("#inspector");
  if (inside || same(found, state.hover)) return;
  state.hover = found && found.length ? found : null;
  state.hoverLine = state.hover && lineAt(event.target);
  highlight(!event.target.closest("#source"));
});

document.querySelector("main").addEventListener("click", event => {
  if (event.target.closest("#inspector, .bar")) return;
  const numbers = numbersAt(event.target) || [];
  const line = lineAt(event.target), again = same(numbers, state.held);
  hold(again ? [] : numbers, Boolean(line), again ? null : line);
});

for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => setMode(button.dataset.mode));
element("diff").checked = true;
element("diff").addEventListener("change", event => {
  state.diff = event.target.checked;
  render();
});

function setMode(wanted) {
  state.mode = wanted;
  render();
  if (state.held.length) reveal(state.held[0]);
}

// --- search -----------------------------------------------------------------------------------------------------------

function search(jump) {
  const wanted = element("search").value.trim().toLowerCase(), step = shown(state.step);
  state.hits = wanted ? step.rows.filter(row => step.lines[row.first].toLowerCase().includes(wanted)).map(row => row.number) : [];
  state.hit = -1;
  element("found").textContent = wanted ? count(state.hits.length, "hit") : "";
  if (jump) nextHit();
}

function nextHit() {
  if (!state.hits.length) return highlight(false);
  state.hit = (state.hit + 1) % state.hits.length;
  element("found").textContent = `${state.hit + 1} of ${state.hits.length}`;
  hold([state.hits[state.hit]], true);
}

element("search").addEventListener("input", () => search(true));
element("search").addEventListener("keydown", event => {
  if (event.key === "Enter") nextHit();
  if (event.key === "Escape") {
    event.target.value = "";
    search(false);
    highlight(false);
    event.target.blur();
  }
});

// --- keys -------------------------------------------------------------------------------------------------------------

function stepBy(direction, changedOnly) {
  let next = state.step + direction;
  while (changedOnly && steps[next] && steps[next].same !== null) next += direction;
  if (steps[next]) go(next);
}

function moveBy(direction) {
  const rows = shown(state.step).rows, at = rows.findIndex(row => row.number === state.held[0]);
  const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + direction))];
  if (!next) return;
  hold([next.number], true);
  (mode() === "text" ? element(`t${next.number}`) : boxOf(shown(state.step), next.number))?.focus({preventScroll: true});
}

const KEYS = {
  ArrowLeft: event => stepBy(-1, event.shiftKey), ArrowRight: event => stepBy(1, event.shiftKey),
  ArrowUp: () => moveBy(-1), ArrowDown: () => moveBy(1),
  t: () => setMode("text"), g: () => setMode("drawing"), n: () => nextHit(),
  d: () => element("diff").click(), "/": () => element("search").focus(), "?": () => element("help").showModal(),
  "+": () => rescale(1.25), "=": () => rescale(1.25), "-": () => rescale(0.8), "0": () => rescale(0),
  Escape: () => hold([], false),
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, dialog[open]")) return;
  const action = KEYS[event.key];
  if (!action || event.target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
  event.preventDefault();
  action(event);
});
element("help-button").addEventListener("click", () => element("help").showModal());

// --- links ------------------------------------------------------------------------------------------------------------

function writeLink() {
  const parts = [`pass=${encodeURIComponent(linkNames[state.step])}`];
  if (state.held.length === 1) parts.push(`op=${state.held[0]}`);
  if (state.mode !== "drawing") parts.push(`mode=${state.mode}`);
  const link = `#${parts.join("&")}`;
  if (link !== location.hash) history.replaceState(null, "", link);
}

function readLink() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const index = linkNames.indexOf(wanted.get("pass"));
  if (wanted.has("mode")) state.mode = wanted.get("mode") === "text" ? "text" : "drawing";
  state.step = index < 0 ? 0 : index;
  const number = Number.parseInt(wanted.get("op"), 10);
  render();
  if (shown(state.step).byNumber.has(number)) hold([number], true);
}

addEventListener("hashchange", readLink);
addEventListener("resize", () => rescale());

element("name").textContent = data.title;
element("summary").textContent = data.summary;
buildTimeline();
buildSource();
readLink();
