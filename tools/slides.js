// Turn slides: see slides.py. A slide fills the screen, and the keys are those that clickers send.
(() => {
  "use strict";

  const root = document.documentElement;
  const slides = [...document.querySelectorAll(".slide")];
  const hints = document.getElementById("hints");
  const rows = hints.querySelectorAll("ol > li");
  const FORTH = ["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"];
  const BACK = ["ArrowLeft", "ArrowUp", "PageUp", "Backspace"];
  let at = Math.max(slides.findIndex((slide) => `#${slide.id}` === location.hash), 0);

  function show(k) {
    at = Math.min(Math.max(k, 0), slides.length - 1);
    slides[at].scrollIntoView({ behavior: "instant" });
    slides[at].focus({ preventScroll: true });
    mark();
  }

  function mark() {
    history.replaceState(null, "", `#${slides[at].id}`);
    rows.forEach((row, k) => row.toggleAttribute("aria-current", k === Number(slides[at].dataset.row)));
  }

  function press(key) {
    if (FORTH.includes(key)) show(at + 1);
    else if (BACK.includes(key)) show(at - 1);
    else if (key === "Home") show(0);
    else if (key === "End") show(slides.length - 1);
    else if (key === "n") hints.togglePopover();
    else if (key === "d") root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    else return false;
    return true;
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.key === "Escape") { document.activeElement.blur(); return; }
    const busy = event.target.closest("input, [popover], .homolib-stage") || ([" ", "Enter"].includes(event.key) && event.target.closest("a, button"));
    if ((event.key === "n" || !busy) && press(event.key)) event.preventDefault();
  });
  document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => press(button.dataset.key)));

  // Whoever scrolls by hand is where they have come to; a window that changes its size scrolls, too, but stays there.
  let height = innerHeight;
  addEventListener("scroll", () => {
    const here = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > innerHeight / 2);
    if (innerHeight === height && here >= 0 && here !== at) { at = here; mark(); }
  }, { passive: true });

  const night = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.theme = night.matches ? "dark" : "light"; };
  const fill = () => {
    height = innerHeight;
    root.style.setProperty("--zoom", Math.min(innerWidth / 1280, innerHeight / 720));
    slides[at].scrollIntoView({ behavior: "instant" });
  };
  night.addEventListener("change", follow);
  addEventListener("resize", fill);
  addEventListener("beforeprint", () => { root.dataset.printed = root.dataset.theme; root.dataset.theme = "light"; });
  addEventListener("afterprint", () => { root.dataset.theme = root.dataset.printed; fill(); });
  follow();
  fill();
  mark();
})();
