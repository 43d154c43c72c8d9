// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("peruse-theme") || "auto"; } catch { return "auto"; }
  };
  const apply = () => {
    const theme = chosen();
    const dark = theme === "dark" || (theme === "auto" && device.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("peruse:theme"));
  };
  window.peruseTheme = {
    chosen,
    choose(theme) {
      try { localStorage.setItem("peruse-theme", theme); } catch { /* private window */ }
      apply();
    },
  };
  device.addEventListener("change", apply);
  apply();
})();
