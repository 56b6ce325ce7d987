// The data page in the browser: files that are too large, the tab in the address, fields for dates, the year by keyboard.
window.dash_clientside = window.dash_clientside || {};

(function () {
let wanted = false;

window.dash_clientside.forecall_data = {
  // The tab stands in the address, so that it can be linked to and the browser's own way back works.
  turn: function (tab, path) {
    const none = window.dash_clientside.no_update;
    const asked = new URLSearchParams(window.location.search);
    if (path !== "/data" || window.location.pathname !== "/data" || !tab || (asked.get("tab") || "files") === tab) {
      return none;
    }
    // The page is put there anew; who went by keyboard goes on from the tab that is now open.
    wanted = document.activeElement instanceof Element && document.activeElement.getAttribute("role") === "tab";
    window.history.pushState({}, "", "/data?tab=" + encodeURIComponent(tab));
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    return none;
  },
};

new MutationObserver(function () {
  // The field behind a place to drop files is named by the text of that place.
  document.querySelectorAll("#data-file input[type=file]:not([aria-label]), .data-ics input[type=file]:not([aria-label])").forEach((field) => {
    field.setAttribute("aria-label", field.parentElement.textContent.trim());
  });
  const open = wanted && document.querySelector("#data-tab [role=tab][aria-selected=true]");
  if (open && document.activeElement === document.body) {
    wanted = false;
    open.focus();
  }
}).observe(document.documentElement, { childList: true, subtree: true });
})();

// A file that is too large for a request is named before it is sent; dropping one beside the zone does not leave the page.
(function () {
  function judge(event, files) {
    const said = document.getElementById("data-too-large");
    if (!said || !files || !files.length) {
      return;
    }
    const large = files[0].size > Number(said.dataset.most);
    said.style.display = large ? "" : "none";
    if (large) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  const inside = (target) => target instanceof Element && target.closest("#data-file") !== null;
  const zone = (target) => target instanceof Element && target.closest("#data-file, .data-ics") !== null;
  document.addEventListener("change", (event) => { if (inside(event.target)) { judge(event, event.target.files); } }, true);
  document.addEventListener("drop", (event) => {
    if (inside(event.target)) {
      judge(event, event.dataTransfer && event.dataTransfer.files);
    } else if (document.querySelector("#data-tab") && !zone(event.target)) {
      event.preventDefault();
    }
  }, true);
  document.addEventListener("dragover", (event) => {
    if (document.querySelector("#data-tab")) {
      event.preventDefault();
    }
  });
})();

// A form that opens comes into view. Fields for dates are the browser's own: typed, picked, and written as its language does; their value is ISO 8601.
(function () {
  function mend() {
    for (const one of document.querySelectorAll(".data-date input:not([type=date])")) {
      one.type = "date";
    }
    const form = document.querySelector(".data-edit .panel:not([data-met])");
    if (form) {
      form.dataset.met = "yes";
      form.closest(".data-edit").scrollIntoView({ block: "nearest" });
    }
  }
  new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });
})();

// The days of the year: a click or Enter picks one; arrows go to the day or week beside it.
(function () {
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const dayOf = (target) => (target instanceof Element ? target.closest("button[data-day]") : null);
  document.addEventListener("click", (event) => {
    const found = dayOf(event.target);
    if (found) {
      window.dash_clientside.set_props("data-calendar-picked", { data: { on: found.dataset.day, at: Date.now() } });
    }
  });
  document.addEventListener("keydown", (event) => {
    const found = dayOf(event.target);
    const step = STEPS[event.key];
    if (!found || !step) {
      return;
    }
    event.preventDefault();
    const next = new Date(found.dataset.day + "T12:00:00Z");
    next.setUTCDate(next.getUTCDate() + step);
    const beside = document.querySelector('button[data-day="' + next.toISOString().slice(0, 10) + '"]');
    if (beside) {
      found.tabIndex = -1;
      beside.tabIndex = 0;
      beside.focus();
    }
  });
})();
