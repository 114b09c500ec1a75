// The explorers of the website: a range input brings up one of the frames that are stored in the page.
// Every page loads this file; without an explorer it does nothing.
(() => {
  "use strict";

  function bringToLife(figure) {
    const inputs = [...figure.querySelectorAll("input[type=range]")];
    const texts = inputs.map((input) => JSON.parse(input.dataset.texts));
    const frames = [...figure.querySelectorAll("img")];
    const caption = figure.querySelector("figcaption");

    function update() {
      let chosen = 0; // the frames are in order, the last control runs fastest
      inputs.forEach((input, k) => {
        const text = texts[k][input.value];
        input.setAttribute("aria-valuetext", `${input.getAttribute("aria-label")} = ${text}`);
        input.nextElementSibling.value = text;
        chosen = chosen * texts[k].length + Number(input.value);
      });
      frames.forEach((frame, k) => { frame.hidden = k !== chosen; });
      const sentence = frames[chosen].alt;
      if (caption.textContent !== sentence) caption.textContent = sentence; // a change is read aloud
    }

    const plane = figure.querySelector(".homolib-plane");
    if (plane) followPointer(plane, inputs, update);
    inputs.forEach((input) => input.addEventListener("input", update));
    figure.querySelectorAll("div[hidden], p[hidden]").forEach((part) => { part.hidden = false; });
    update();
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

  const start = () => document.querySelectorAll("figure.homolib-explorer").forEach(bringToLife);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
