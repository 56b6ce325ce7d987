// Small things that happen in the browser alone: the theme, the language of the document, the page that is current.
window.dash_clientside = window.dash_clientside || {};

window.dash_clientside.forecall = {
  theme: function (clicks, held) {
    let theme = held;
    if (theme !== "dark" && theme !== "light") {
      theme = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    }
    const pressed = window.dash_clientside.callback_context.triggered.some(
      (one) => one.prop_id === "theme-button.n_clicks" && one.value
    );
    if (pressed) {
      theme = theme === "dark" ? "light" : "dark";
    }
    document.documentElement.style.colorScheme = theme;
    return [theme, theme, theme];
  },
  language: function (language) {
    document.documentElement.lang = language;
    return window.dash_clientside.no_update;
  },
};
