// The drawings of a step as SVG, made when they are looked at.

const drawingPane = document.getElementById("drawing");
let drawingKey = null, scale = null;

function showDrawing(index) {
  const step = shown(index);
  if (drawingKey === step.index) return markChanges(index);
  drawingKey = step.index;
  drawingPane.replaceChildren(...step.drawings.map(one => figure(one, step.drawings.length > 1)));
  markChanges(index);
  rescale();
}

function markChanges(index) {
  const step = steps[index];
  for (const box of drawingPane.querySelectorAll(".box[data-n]")) {
    const inside = withNested(shown(index), +box.dataset.n);
    box.classList.toggle("add", step.same === null && step.added.has(+box.dataset.n) && !fresh(index));
    box.classList.toggle("alter", step.same === null && inside.some(one => step.altered.has(one)) && !step.added.has(+box.dataset.n));
  }
}

// Whether a step wrote everything anew, so that marking all of it says nothing.
const fresh = index => index > 0 && steps[index].added.size > 0.9 * shown(index).rows.length;

function figure(drawing, named) {
  const element = document.createElement("figure");
  if (drawing.large) {
    element.innerHTML = `<figcaption>${escapeText(drawing.name)}: ${drawing.large} boxes are too many for a drawing; the IR has them.</figcaption>`;
    return element;
  }
  const [width, height] = drawing.size.map(size => size + 8);
  const edges = drawing.arrows.map(arrow => edgeSvg(arrow, drawing.boxes)).join("");
  const boxes = drawing.boxes.map(boxSvg).join("");
  const caption = named ? `<figcaption>${escapeText(drawing.name)}</figcaption>` : "";
  element.innerHTML = `${caption}<svg viewBox="-4 -4 ${width} ${height}" data-width="${width}" data-height="${height}"
    role="group" aria-label="${escapeText(drawing.name)}">${edges}${boxes}</svg>`;
  return element;
}

function boxSvg([number, kind, title, detail, code, x, y, width, height]) {
  const left = x - width / 2, top = y - height / 2;
  const round = ["input", "state", "output", "update"].includes(kind) ? Math.min(16, height / 2) : 4;
  const small = detail.map((line, place) => `<text class="detail" text-anchor="middle" x="${x}" y="${top + 29 + 13 * place}">${escapeText(line)}</text>`);
  const body = code.map((line, place) =>
    `<text class="body" x="${left + 11}" y="${top + 33 + 13 * (detail.length + place)}">${escapeText(line)}</text>`);
  const label = escapeText([title, ...detail].join(", "));
  const whose = number < 0 ? "" : ` data-n="${number}" id="b${number}" tabindex="-1" role="button" aria-label="${label}"`;
  return `<g class="box ${kind}"${whose}><rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${round}"/>` +
    `<text class="title" text-anchor="middle" x="${x}" y="${top + 16}">${escapeText(title)}</text>${small.join("")}${body.join("")}</g>`;
}

// A smooth curve through the points, and a head; an arrow that leads up has it at its first point.
function edgeSvg([source, target, label, flat, back], boxes) {
  const points = [];
  for (let place = 0; place < flat.length; place += 2) points.push([flat[place], flat[place + 1]]);
  let curve = `M${points[0]}`;
  for (let place = 1; place < points.length; place++) {
    const [x0, y0] = points[place - 1], [x1, y1] = points[place], middle = (y0 + y1) / 2;
    curve += `C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}`;
  }
  const [x, y] = back ? points[0] : points[points.length - 1], turn = back ? -1 : 1;
  const head = `${x},${y} ${x - 4},${y - 8 * turn} ${x + 4},${y - 8 * turn}`;
  const text = label ? `<text x="${x + 6}" y="${y - 5}">${escapeText(label)}</text>` : "";
  return `<g class="edge${back ? " back" : ""}" data-a="${boxes[source][0]}" data-b="${boxes[target][0]}">` +
    `<path d="${curve}"/><polygon points="${head}"/>${text}</g>`;
}

// The number of the box in which an operation is drawn: its own, or that of an operation around it.
function boxOf(step, number) {
  for (let row = step.byNumber.get(number); row; row = step.byNumber.get(row.parent)) {
    const box = document.getElementById(`b${row.number}`);
    if (box) return box;
    const block = previousBox(step, row);
    if (block) return block;
  }
  return null;
}

// Blocks are drawn under the number of their first operation.
function previousBox(step, row) {
  if (step.level !== "llvm") return null;
  for (let place = row.index; place >= 0 && step.rows[place].parent === row.parent; place--) {
    const box = document.getElementById(`b${step.rows[place].number}`);
    if (box) return box;
  }
  return null;
}

function fitted() {
  const widest = Math.max(1, ...[...drawingPane.querySelectorAll("svg")].map(svg => +svg.dataset.width));
  return Math.min(1.1, Math.max(0.5, (drawingPane.clientWidth - 24) / widest));
}

function rescale(factor) {
  if (factor === 0) scale = null;
  else if (factor) scale = Math.min(3, Math.max(0.15, (scale || fitted()) * factor));
  const used = scale || fitted();
  for (const svg of drawingPane.querySelectorAll("svg")) {
    svg.setAttribute("width", svg.dataset.width * used);
    svg.setAttribute("height", svg.dataset.height * used);
  }
}

function revealDrawing(number) {
  const box = boxOf(shown(state.step), number);
  if (!box) return;
  const pane = drawingPane.getBoundingClientRect(), found = box.getBoundingClientRect();
  const outside = found.top < pane.top + 8 || found.bottom > pane.bottom - 8 || found.left < pane.left || found.right > pane.right;
  if (!outside) return;
  drawingPane.scrollTop += (found.top + found.bottom - pane.top - pane.bottom) / 2;
  drawingPane.scrollLeft += (found.left + found.right - pane.left - pane.right) / 2;
}

let grabbed = null;
drawingPane.addEventListener("pointerdown", event => {
  if (event.button === 0 && !event.target.closest("[data-n]")) grabbed = [event.clientX, event.clientY];
});
addEventListener("pointerup", () => { grabbed = null; });
drawingPane.addEventListener("pointermove", event => {
  if (!grabbed || !event.buttons) return;
  drawingPane.scrollLeft += grabbed[0] - event.clientX;
  drawingPane.scrollTop += grabbed[1] - event.clientY;
  grabbed = [event.clientX, event.clientY];
});
drawingPane.addEventListener("wheel", event => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  rescale(Math.exp(-event.deltaY / 400));
}, {passive: false});
document.getElementById("zoom").addEventListener("click", event => {
  const how = event.target.dataset.zoom;
  if (how) rescale({in: 1.25, out: 0.8, fit: 0}[how]);
});
