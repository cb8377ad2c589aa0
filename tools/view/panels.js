// The timeline above, the source on the left, what is said of an operation on the right.

const timeline = document.getElementById("timeline");
const sourcePane = document.querySelector("#source .scroll");
const inspector = document.querySelector("#inspector .scroll");
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
const milliseconds = value => `${value.toFixed(value < 9.95 ? 1 : 0)} ms`;

function buildTimeline() {
  const groups = new Map();
  for (const step of steps) {
    if (!groups.has(step.level)) groups.set(step.level, []);
    groups.get(step.level).push(step);
  }
  timeline.innerHTML = [...groups].map(([level, members]) =>
    `<div class="level" style="--level: var(--${level})"><h2>${escapeText(data.levels[level] || level)}</h2><div class="chips">` +
    members.map(chipHtml).join("") + "</div></div>").join("");
  timeline.addEventListener("click", event => {
    const chip = event.target.closest(".chip");
    if (chip) go(+chip.dataset.step);
  });
}

function chipHtml(step) {
  const idle = step.same !== null, what = idle ? "changed nothing" : count(shown(step.index).rows.length, unit(step));
  const told = `${step.name}: ${step.title}. ${what}, ${milliseconds(step.ms)}`;
  const below = idle ? "" : `<small>${shown(step.index).rows.length}${step.index ? ` · ${milliseconds(step.ms)}` : ""}</small>`;
  return `<button type="button" class="chip${idle ? " idle" : ""}" data-step="${step.index}" title="${escapeText(told)}" aria-label="${escapeText(told)}">` +
    `<b>${escapeText(step.name)}</b>${below}<i></i></button>`;
}

function paintTimeline() {
  for (const chip of timeline.querySelectorAll(".chip")) {
    const index = +chip.dataset.step, current = index === state.step;
    if (current) chip.setAttribute("aria-current", "step"); else chip.removeAttribute("aria-current");
    chip.classList.toggle("traced", Boolean(state.trace && state.trace[index].size));
    if (current) {
      const left = chip.offsetLeft - timeline.offsetLeft;
      if (left < timeline.scrollLeft || left + chip.offsetWidth > timeline.scrollLeft + timeline.clientWidth) timeline.scrollLeft = left - 200;
    }
  }
}

// --- source -----------------------------------------------------------------------------------------------------------

function buildSource() {
  sourcePane.innerHTML = data.sources.map((source, number) => {
    const pieces = source.pieces.map(([first, lines]) =>
      lines.map((line, offset) => `<span class="ln" data-source="${number}" data-line="${first + offset}" data-l="${first + offset}">${coloured(line) || " "}</span>`).join(""));
    const text = pieces.length ? pieces.join('<div class="skip">⋯</div>') : '<div class="skip">The text of this file is not at hand.</div>';
    return `<div class="file" title="${escapeText(source.name)}">${escapeText(source.name.replace(/.*\//, ""))}</div><div class="code">${text}</div>`;
  }).join("") || '<p class="file">No operation says where it was written.</p>';
}

function sourceLine(place) {
  return place && sourcePane.querySelector(`[data-source="${place[0]}"][data-line="${place[1]}"]`);
}

// Lines that the operations of the step came from.
function paintUsed() {
  for (const line of sourcePane.querySelectorAll(".used")) line.classList.remove("used");
  const numbers = shown(state.step).rows.map(row => row.number);
  for (const place of [...numbers.map(placeOf), ...placesBehind(state.step, numbers)]) sourceLine(place)?.classList.add("used");
}

function paintSource(numbers, scroll) {
  for (const line of sourcePane.querySelectorAll(".on, .kin")) {
    line.classList.remove("on", "kin");
    line.innerHTML = line.dataset.plain || line.innerHTML;
  }
  for (const place of placesBehind(state.step, numbers)) sourceLine(place)?.classList.add("kin");
  const only = state.hover ? state.hoverLine : state.heldLine;
  let first = null;
  for (const number of numbers) {
    const place = placeOf(number), line = sourceLine(only || place);
    if (!line) continue;
    line.classList.remove("kin");
    line.classList.add("on");
    if (!only && place[2] && numbers.length <= 3) underline(line, place[2]);
    first ||= line;
  }
  if (first && scroll) first.scrollIntoView({block: "nearest"});
}

// Mark the word that begins in a column.
function underline(line, column) {
  line.dataset.plain ||= line.innerHTML;
  const text = line.textContent, word = /^(?:[\w.]+|\S)/.exec(text.slice(column - 1));
  if (!word || line.querySelector("mark")) return;
  const end = column - 1 + word[0].length;
  line.innerHTML = `${coloured(text.slice(0, column - 1))}<mark>${escapeText(word[0])}</mark>${coloured(text.slice(end))}`;
}

// --- inspector --------------------------------------------------------------------------------------------------------

const MOST = 14;

function listHtml(title, index, numbers, none) {
  const step = shown(index), known = numbers.filter(number => step.byNumber.has(number));
  if (!known.length) return none ? `<h3>${title}</h3><p class="quiet">${none}</p>` : "";
  const items = known.slice(0, MOST).map(number =>
    `<li><button type="button" data-goto="${index}" data-op="${number}" title="${escapeText(lineOf(step, number))}">${coloured(lineOf(step, number).slice(0, 120))}</button></li>`);
  const more = known.length > MOST ? `<p class="quiet">and ${known.length - MOST} more</p>` : "";
  return `<h3>${title}</h3><ul>${items.join("")}</ul>${more}`;
}

const unique = numbers => [...new Set(numbers)];

function inspect(numbers) {
  const index = state.step, step = shown(index);
  const here = numbers.filter(number => step.byNumber.has(number));
  if (!here.length) return summarize(index);
  const [number] = here, row = step.byNumber.get(number), place = placeOf(number);
  const lines = here.slice(0, 3).map(one => {
    const at = step.byNumber.get(one), last = /\.func$/.test(opName(one)) ? at.first : Math.min(at.last, at.first + 24);
    const text = step.lines.slice(at.first, last + 1), indent = /^ */.exec(text[0])[0].length;
    return text.map(line => line.slice(indent)).join("\n");
  });
  const where = place ? `${data.sources[place[0]].name.replace(/.*\//, "")}:${place[1]}${place[2] ? `:${place[2]}` : ""}` : "not from a line of yours";
  const head = here.length === 1 ? opName(number) : count(here.length, unit(step));
  const parts = [`<h2 data-op="${number}">${escapeText(head)}</h2><p class="place">${escapeText(where)}</p><pre>${lines.map(coloured).join("\n")}</pre>`];
  const earlier = previousChange(index), later = nextChange(index);
  const family = here.flatMap(one => withNested(step, one));
  if (earlier !== null) parts.push(listHtml(`Came from, before ${steps[index].name}`, earlier, unique(family.flatMap(one => backward(index, one))), "nothing there: new in this pass"));
  if (later !== null) parts.push(listHtml(`Became, after ${steps[later].name}`, later, unique(family.flatMap(one => onward(later - 1, one))), "gone: nothing used it any more, or it was merged"));
  if (here.length === 1) parts.push(listHtml("Operands", index, row.operands), listHtml("Used by", index, unique(row.users)));
  inspector.innerHTML = parts.join("");
}

// The step before this one, and the next one that changed something.
const previousChange = index => index ? index - 1 : null;
function nextChange(index) {
  for (let next = index + 1; next < steps.length; next++) if (steps[next].same === null) return next;
  return null;
}

const LEGEND = '<p class="legend">' + [["on", "pointed at or held"], ["operand", "its operands"], ["user", "its users"],
  ["add", "new in this pass"], ["alter", "altered by it"], ["kin", "lines behind it"]]
  .map(([kind, what]) => `<span class="${kind}">${what}</span>`).join("") + "</p>";

function summarize(index) {
  const step = steps[index], content = shown(index);
  const counts = new Map();
  for (const row of content.rows) counts.set(opName(row.number), (counts.get(opName(row.number)) || 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40);
  const gone = step.same === null && index ? step.removed : [];
  const table = rows.map(([name, number]) => `<tr><td><span class="o">${escapeText(name)}</span></td><td>${number}</td></tr>`).join("");
  inspector.innerHTML = `<h2>${escapeText(step.name)}</h2><p class="place">${escapeText(step.title)}</p>` +
    (index ? `<p class="place">${step.same === null ? "" : "changed nothing, "}${milliseconds(step.ms)}</p>` : "") +
    (index && gone.length && canDiff(index) ? listHtml("Removed", index - 1, gone) : "") +
    LEGEND + `<h3>${unit(content) === "operation" ? "Operations" : "Instructions"}</h3><table>${table}</table>`;
}

inspector.addEventListener("click", event => {
  const button = event.target.closest("[data-goto]");
  if (!button) return;
  go(+button.dataset.goto);
  hold([+button.dataset.op], true);
});
