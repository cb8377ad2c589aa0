// The text of a step, in pieces that are filled when they come into view.

const CHUNK = 80, LINE = 18;
const textPane = document.getElementById("text");
let textItems = [], textStep = null, textKey = "";

// Lines of the step and, between them, those that the pass removed.
function itemsOf(index, withRemoved) {
  const step = shown(index), items = step.lines.map((text, line) => ({text, line, number: step.lineOp[line]}));
  if (!withRemoved || !canDiff(index)) return items;
  const before = shown(index - 1), gone = new Set(step.removed), after = new Map();
  let anchor = 0, covered = -1, last = null;
  for (const row of before.rows) {
    if (!gone.has(row.number)) {
      last = row;
      continue;
    }
    if (row.first <= covered) continue;
    covered = row.last;
    const kept = last && step.byNumber.get(last.number);
    if (kept) anchor = last.last >= row.first ? kept.first : kept.last;
    const lines = before.lines.slice(row.first, row.last + 1).map(text => ({text, line: null, number: -1, gone: row.number}));
    after.set(anchor, (after.get(anchor) || []).concat(lines));
  }
  return items.flatMap(item => [item, ...(after.get(item.line) || [])]);
}

// Whether what was removed can be shown among what is left: most passes, but not those that write everything anew.
function canDiff(index) {
  const step = steps[index];
  if (!index || step.same !== null || !step.removed.length) return false;
  return step.removed.length < shown(index - 1).rows.length * 0.9;
}

function showText(index, withRemoved) {
  const key = `${index} ${withRemoved}`;
  if (key === textKey) return;
  textKey = key;
  textStep = steps[index];
  textItems = itemsOf(index, withRemoved);
  const code = document.createElement("div");
  code.className = "code";
  for (let start = 0; start < textItems.length; start += CHUNK) {
    const piece = document.createElement("div");
    piece.dataset.start = start;
    piece.style.height = `${LINE * Math.min(CHUNK, textItems.length - start)}px`;
    code.append(piece);
    textWatch.observe(piece);
  }
  const widest = Math.max(20, ...textItems.map(item => item.text.length));
  code.style.width = `max(100%, ${widest + 9}ch)`;
  textPane.replaceChildren(code);
  textPane.scrollTop = 0;
  if (code.firstChild) fill(code.firstChild);
}

const textWatch = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting && !entry.target.firstChild) fill(entry.target);
}, {root: textPane, rootMargin: "500px"});

function fill(piece) {
  const start = +piece.dataset.start;
  piece.innerHTML = textItems.slice(start, start + CHUNK).map(lineHtml).join("");
  paint(piece.querySelectorAll("[data-n]"));
}

function lineHtml(item) {
  if (item.line === null) return `<span class="ln gone" data-gone="${item.gone}" data-l="−">${coloured(item.text)}</span>`;
  const number = item.number;
  const sign = textStep.same !== null || fresh(textStep.index) ? "" : textStep.added.has(number) ? " add" : textStep.altered.has(number) ? " alter" : "";
  const own = number >= 0 && shown(textStep.index).byNumber.get(number).first === item.line;
  const whose = number < 0 ? "" : ` data-n="${number}"${own ? ` id="t${number}" tabindex="-1"` : ""}`;
  return `<span class="ln${sign}"${whose} data-l="${item.line + 1}">${coloured(item.text)}</span>`;
}

// Bring an operation's line into view, filling its piece at once.
function revealText(number) {
  const row = shown(textStep.index).byNumber.get(number);
  if (!row) return;
  const place = textItems.findIndex(item => item.line === row.first);
  const piece = textPane.querySelector(`[data-start="${place - place % CHUNK}"]`);
  if (piece && !piece.firstChild) fill(piece);
  const top = place * LINE, height = textPane.clientHeight;
  if (top < textPane.scrollTop + LINE || top > textPane.scrollTop + height - 3 * LINE) textPane.scrollTop = top - height / 2;
}
