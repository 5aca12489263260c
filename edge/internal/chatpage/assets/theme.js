// Light, dark, or as the system: one choice for all pages of the edge. It is a script of its own, so that a
// page has its colours before it is drawn.
const settingsKey = "pawstream.settings";
const themes = { "": "as the system", light: "light", dark: "dark" };

function kept() {
  try {
    const settings = JSON.parse(localStorage.getItem(settingsKey) ?? "{}");
    return settings !== null && typeof settings === "object" ? settings : {};
  } catch {
    return {};
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function show(theme) {
  const root = document.documentElement;
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  root.classList.toggle("dark-mode", theme === "dark" || (theme === "" && dark.matches)); // Swagger UI goes by this
  const button = document.getElementById("theme");
  if (!button) return;
  button.setAttribute("aria-label", `Theme: ${themes[theme]}`);
  button.title = `Theme: ${themes[theme]}`;
}

const current = () => {
  const { theme } = kept();
  return Object.hasOwn(themes, theme ?? "") ? (theme ?? "") : "";
};

show(current());
addEventListener("DOMContentLoaded", () => {
  show(current());
  document.getElementById("theme")?.addEventListener("click", () => {
    const names = Object.keys(themes);
    const theme = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
    show(theme);
    try {
      localStorage.setItem(settingsKey, JSON.stringify({ ...kept(), theme }));
    } catch {
      // A setting that is not kept is no harm.
    }
  });
});
dark.addEventListener("change", () => show(current()));
addEventListener("storage", ({ key }) => key === settingsKey && show(current()));
