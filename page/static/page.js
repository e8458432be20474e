// Nothing depends on this script. It adds a switch between light and dark that this browser remembers, walks the marks of
// a chart with the arrow keys, and saves a card as PNG.
"use strict";
(function () {
  const root = document.documentElement;
  const next = { auto: "light", light: "dark", dark: "auto" };
  let theme = "auto";
  try { theme = localStorage.getItem("theme") || "auto"; } catch { /* storage is off: the choice lasts for this page */ }
  if (!(theme in next)) theme = "auto";

  const button = document.createElement("button");
  button.type = "button";
  const show = () => {
    if (theme === "auto") root.removeAttribute("data-theme"); else root.setAttribute("data-theme", theme);
    button.textContent = "Theme: " + theme;
  };
  button.addEventListener("click", () => {
    theme = next[theme];
    try { localStorage.setItem("theme", theme); } catch { /* as above */ }
    show();
  });
  show();
  const home = document.querySelector("header .home");
  if (home) home.after(button);
})();

for (const chart of document.querySelectorAll("svg.chart")) {
  const marks = [...chart.querySelectorAll("[data-label]")];
  if (!marks.length) continue;
  const reading = document.createElement("p");
  reading.className = "reading";
  reading.setAttribute("role", "status");
  chart.after(reading);
  const step = Number(chart.dataset.step) || 1;
  let at = -1;
  const go = (to) => {
    if (at >= 0) marks[at].classList.remove("on");
    at = Math.max(0, Math.min(marks.length - 1, to));
    marks[at].classList.add("on");
    reading.textContent = marks[at].dataset.label;
  };
  const moves = { ArrowRight: () => at + 1, ArrowLeft: () => at - 1, ArrowDown: () => at + step,
    ArrowUp: () => at - step, Home: () => 0, End: () => marks.length - 1 };
  chart.addEventListener("keydown", (event) => {
    if (event.key in moves) { go(moves[event.key]()); event.preventDefault(); }
    if (event.key === "Enter" && at >= 0 && marks[at].dataset.url) location.assign(marks[at].dataset.url);
  });
  chart.addEventListener("click", (event) => {
    const to = marks.indexOf(event.target.closest("[data-label]"));
    if (to < 0) return;
    go(to);
    if (marks[to].dataset.url) location.assign(marks[to].dataset.url);
  });
}

for (const link of document.querySelectorAll("a[data-png]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Save as PNG";
  button.addEventListener("click", () => {
    const image = new Image();
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext("2d").drawImage(image, 0, 0);
      canvas.toBlob((blob) => {
        const save = document.createElement("a");
        save.href = URL.createObjectURL(blob);
        save.download = link.dataset.png;
        save.click();
        setTimeout(() => URL.revokeObjectURL(save.href), 10000);
      }, "image/png");
    });
    image.src = link.href;
  });
  link.after(" ", button);
}
