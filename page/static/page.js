// Nothing depends on this script. It adds a switch between light and dark that this browser remembers.
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
  const header = document.querySelector("header");
  if (header) header.append(button);
})();
