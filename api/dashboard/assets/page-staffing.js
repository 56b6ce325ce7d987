// Page Staffing in the browser: sliders and numbers move together, wait until they rest, and stand in the address.
window.dash_clientside = window.dash_clientside || {};

(function () {
  const KEYS = ["sl", "sec", "hours", "shr", "occ", "sure"];
  const none = () => window.dash_clientside.no_update;
  const same = (a, b) => JSON.stringify(a || {}) === JSON.stringify(b || {});
  let turns = 0;
  let begun = null;

  function near(value, key) {
    if (key !== "sure") {
      return value;
    }
    const kept = [50, 60, 70, 80, 90, 95, 97.5];
    return kept.reduce((best, one) => (Math.abs(one - value) < Math.abs(best - value) ? one : best));
  }

  // The promises that the address holds now: after another language was chosen they are newer than what the page was asked for.
  function inAddress() {
    const asked = new URLSearchParams(window.location.search);
    const found = {};
    for (const key of KEYS) {
      const value = Number(asked.get(key));
      if (asked.has(key) && Number.isFinite(value)) {
        found[key] = value;
      }
    }
    return found;
  }

  window.dash_clientside.forecall_staffing = {
    // Arguments: value of slider and number for each key, what is configured, presses of the button, the own promises, the address.
    promises: function (...given) {
      const [usual, , held, asked] = given.slice(2 * KEYS.length);
      const triggered = window.dash_clientside.callback_context.triggered.map((one) => one.prop_id);
      let own = { ...(held || {}) };
      if (begun !== asked) {
        begun = asked;
        own = window.location.pathname === "/staffing" && !same(inAddress(), own) ? inAddress() : own;
      } else if (triggered.includes("staffing-reset.n_clicks")) {
        own = {};
      } else {
        KEYS.forEach(function (key, at) {
          for (const [place, end] of [[0, ""], [1, "-number"]]) {
            const value = given[2 * at + place];
            if (!triggered.includes("staffing-" + key + end + ".value") || value === "" || value === null || value === undefined) {
              continue;
            }
            const chosen = near(Number(value), key);
            const before = key in own ? own[key] : (usual || {})[key];
            if (!Number.isFinite(chosen) || chosen === before) {
              continue;
            }
            own[key] = chosen;
            if (chosen === (usual || {})[key] && !(usual || {}).mixed) {
              delete own[key];
            }
          }
        });
      }
      const out = [];
      KEYS.forEach(function (key, at) {
        const value = key in own ? own[key] : (usual || {})[key];
        for (const place of [0, 1]) {
          out.push(value === undefined || given[2 * at + place] === value ? none() : value);
        }
      });
      return [...out, same(own, held) ? none() : own];
    },

    // The server is asked once a slider has rested for a moment.
    settle: function (own, settled) {
      if (same(own, settled)) {
        return none();
      }
      const mine = ++turns;
      return new Promise((done) => setTimeout(() => done(mine === turns ? own : none()), 180));
    },

    address: function (scope, queue, channel, team, span, day, marked, own, asked) {
      if (window.location.pathname !== "/staffing") {
        return none();
      }
      const said = new URLSearchParams();
      const named = { queue: queue, channel: channel, team: team };
      if ((asked || {}).export) {
        said.set("export", asked.export);
      }
      if (scope && scope !== "queue") {
        said.set("scope", scope);
      }
      if (named[scope || "queue"]) {
        said.set(scope || "queue", named[scope || "queue"]);
      }
      said.set("span", span || "day");
      if (day) {
        said.set("day", day);
      }
      if (marked === "gross") {
        said.set("marked", "gross");
      }
      for (const key of KEYS) {
        if (own && key in own) {
          said.set(key, String(own[key]));
        }
      }
      window.history.replaceState(window.history.state, "", "/staffing?" + said.toString());
      return none();
    },
  };
})();
