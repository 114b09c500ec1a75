// Figures and explorers of the website: frames by slider, key, click or link; values under the pointer.
// Every page loads this file, before and apart from what sets formulas; without a figure it does nothing.
(() => {
  "use strict";

  const PAUSE = 700; // ms between frames that play

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const { lines, frames } = JSON.parse(await new Response(stream).text());
    return (k) => {
      const [panels, caption, words] = frames[k];
      return { panels: panels.map((panel) => panel.map((line) => lines[line]).join("")), caption, words };
    };
  }

  async function bringToLife(figure) {
    const frame = await inflate(figure.querySelector(".homolib-frames").textContent);
    const inputs = [...figure.querySelectorAll("input[type=range]")];
    const texts = inputs.map((input) => JSON.parse(input.dataset.texts));
    const shown = inputs.map((input) => JSON.parse(input.dataset.shown));
    const stage = figure.querySelector(".homolib-stage");
    const caption = figure.querySelector("figcaption > :last-child");
    const link = figure.querySelector(".homolib-number");

    function update() {
      let chosen = 0; // the frames are in order, the last control runs fastest
      inputs.forEach((input, k) => {
        input.setAttribute("aria-valuetext", `${input.getAttribute("aria-label")} = ${texts[k][input.value]}`);
        input.parentElement.querySelector("output").innerHTML = shown[k][input.value];
        chosen = chosen * texts[k].length + Number(input.value);
      });
      const { panels, caption: sentence, words } = frame(chosen);
      stage.querySelectorAll("svg").forEach((svg, k) => { svg.outerHTML = panels[k]; });
      stage.setAttribute("aria-label", words);
      if (caption.innerHTML !== sentence) caption.innerHTML = sentence; // a change is read aloud
      if (link) link.hash = `${figure.id}?${inputs.map((input, k) => `${input.name}=${encodeURIComponent(texts[k][input.value])}`).join("&")}`;
    }

    figure.choose = (query) => {
      inputs.forEach((input, k) => {
        const at = texts[k].indexOf(query.get(input.name));
        if (at >= 0) input.value = at;
      });
      update();
    };
    const plane = figure.querySelector(".homolib-plane");
    if (plane) followPointer(plane, inputs, update);
    inputs.forEach((input) => input.addEventListener("input", update));
    figure.querySelectorAll(".homolib-play").forEach((button) => play(button, figure, update));
    figure.querySelectorAll("div[hidden], p[hidden]").forEach((part) => { part.hidden = false; });
  }

  // A button runs through the values of its slider, once, until it is pressed again or something else is touched.
  function play(button, figure, update) {
    const input = button.parentElement.querySelector("input");
    const caption = figure.querySelector("figcaption");
    let timer = 0;

    function stop() {
      clearInterval(timer);
      timer = 0;
      button.classList.remove("homolib-playing");
      button.setAttribute("aria-label", `Play ${input.getAttribute("aria-label")}`);
      caption.setAttribute("aria-live", "polite");
    }

    function step() {
      if (document.hidden || Number(input.value) >= Number(input.max)) { stop(); return; }
      input.value = Number(input.value) + 1;
      update();
    }

    button.addEventListener("click", () => {
      if (timer) { stop(); return; }
      if (input.value === input.max) { input.value = 0; update(); }
      caption.setAttribute("aria-live", "off"); // or every frame would be read aloud
      button.classList.add("homolib-playing");
      button.setAttribute("aria-label", `Pause ${input.getAttribute("aria-label")}`);
      timer = setInterval(step, PAUSE);
    });
    figure.addEventListener("pointerdown", (event) => { if (timer && event.target !== button) stop(); });
    figure.addEventListener("keydown", (event) => { if (timer && event.target !== button) stop(); });
  }

  // A click or a drag picks the nearest start.
  function followPointer(plane, inputs, update) {
    const [first, second] = JSON.parse(plane.dataset.controls).map((k) => inputs[k]);
    const spots = JSON.parse(plane.dataset.spots);

    function pick(event) {
      const box = plane.getBoundingClientRect();
      const away = ([x, y]) => Math.hypot(box.left + x * box.width - event.clientX, box.top + y * box.height - event.clientY);
      let nearest = [0, 0];
      spots.forEach((row, i) => row.forEach((spot, j) => {
        if (away(spot) < away(spots[nearest[0]][nearest[1]])) nearest = [i, j];
      }));
      [first.value, second.value] = nearest;
      update();
    }

    // A finger that sets out up or down scrolls the page (`touch-action` in the style sheet): wait until it goes sideways.
    let finger = null;
    const sideways = (event) => Math.abs(event.clientX - finger.clientX) > Math.abs(event.clientY - finger.clientY);
    plane.addEventListener("pointerdown", (event) => { finger = event.pointerType === "touch" ? event : null; });
    plane.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1) || (finger && !sideways(event))) return;
      finger = null;
      pick(event);
    });
    plane.addEventListener("click", pick);
  }

  // The values at a point of a picture: under the pointer, or under a cross that the arrow keys move.
  function readValues(stage) {
    const mark = document.createElement("div");
    mark.className = "homolib-mark";
    mark.setAttribute("aria-live", "polite");
    const words = (value) => String(Number(value.toPrecision(3))).replace("e+", "e").replaceAll("-", "−");
    const between = ([from, to, log], part) => (log ? from * (to / from) ** part : from + (to - from) * part);
    let cross = null; // [panel, axes, x, y]: the last two as parts of the axes, from the lower left

    function show(panel, axes, x, y) {
      const view = panel.querySelector("svg").viewBox.baseVal;
      const [left, top, width, height, across, up] = axes;
      mark.style.left = `${(100 * (left + x * width)) / view.width}%`;
      mark.style.top = `${(100 * (top + (1 - y) * height)) / view.height}%`;
      mark.classList.toggle("homolib-mark-left", x > 0.6);
      mark.textContent = `${words(between(across, x))}, ${words(between(up, y))}`;
      panel.append(mark);
      cross = [panel, axes, x, y];
    }

    function follow(event) {
      const panel = event.target.closest(".homolib-panel");
      const svg = panel?.querySelector("svg");
      if (!svg) return;
      const box = svg.getBoundingClientRect();
      const view = svg.viewBox.baseVal;
      const [x, y] = [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
      const inside = ([left, top, width, height]) => x >= left && x <= left + width && y >= top && y <= top + height;
      const axes = JSON.parse(svg.dataset.axes).find(inside);
      if (axes) show(panel, axes, (x - axes[0]) / axes[2], 1 - (y - axes[1]) / axes[3]);
      else mark.remove();
    }

    stage.addEventListener("pointermove", follow);
    stage.addEventListener("pointerdown", follow);
    stage.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") mark.remove(); });
    document.addEventListener("pointerdown", (event) => { if (!stage.contains(event.target)) mark.remove(); });
    stage.addEventListener("blur", () => mark.remove());
    stage.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
      if (event.key === "Escape") mark.remove();
      if (!step || event.target !== stage) return;
      event.preventDefault();
      const all = [...stage.querySelectorAll("svg")].flatMap((svg) => JSON.parse(svg.dataset.axes).map((axes) => [svg.parentElement, axes]));
      if (!all.length) return;
      const [panel, axes, x, y] = cross ?? [...all[0], 0.5, 0.5];
      const fine = event.shiftKey ? 0.002 : 0.02;
      show(panel, axes, ...[x + fine * step[0], y + fine * step[1]].map((part) => Math.min(1, Math.max(0, part))));
    });
    if (stage.querySelector('svg:not([data-axes="[]"])')) stage.tabIndex = 0;
  }

  // `#fig-8-3?delta=1e-4&start=3` opens a figure in a state.
  function openLink() {
    const [id, query] = location.hash.slice(1).split("?");
    const figure = query && document.getElementById(id);
    if (!figure?.choose) return;
    figure.choose(new URLSearchParams(query));
    figure.scrollIntoView();
  }

  async function start() {
    document.querySelectorAll(".homolib-stage").forEach(readValues);
    if (window.DecompressionStream) await Promise.all([...document.querySelectorAll("figure.homolib-explorer")].map(bringToLife));
    document.querySelectorAll("figure[data-state]").forEach((figure) => figure.choose?.(new URLSearchParams(figure.dataset.state)));
    openLink();
    addEventListener("hashchange", openLink);
  }
  // As soon as the page is read: DOMContentLoaded would wait for what sets formulas.
  if (document.readyState === "loading") document.addEventListener("readystatechange", start, { once: true });
  else start();
})();
