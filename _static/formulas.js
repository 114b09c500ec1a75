// Set formulas piece by piece, so that sliders and links answer meanwhile, and begin where the reader looks.
// Every page loads this file before MathJax, which is loaded without anything waiting for it.
(() => {
  "use strict";

  const AT_ONCE = 40; // formulas set without a break
  const pause = () => new Promise((resume) => setTimeout(resume));

  async function setAll() {
    const waiting = [...document.querySelectorAll(".math")];
    const start = Math.max(waiting.findIndex((formula) => formula.getBoundingClientRect().bottom > 0), 0);
    const order = [...waiting.slice(start), ...waiting.slice(0, start)];
    const stay = stayAtTarget();
    for (let k = 0; k < order.length; k += AT_ONCE) {
      await MathJax.typesetPromise(order.slice(k, k + AT_ONCE));
      stay();
      await pause();
    }
  }

  // Whoever came by a link to a place stays there while formulas above it take their room, until they move.
  function stayAtTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1).split("?")[0]));
    const [navigation] = performance.getEntriesByType("navigation"); // going back, the browser knows the place
    let moved = !target || navigation?.type !== "navigate";
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
    }
    return () => { if (!moved) target.scrollIntoView({ behavior: "instant" }); };
  }

  window.MathJax = { ...window.MathJax, startup: { pageReady: setAll } };
})();
