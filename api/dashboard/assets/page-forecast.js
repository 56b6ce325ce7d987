// The table of page Forecast by keyboard, and columns pasted from a spreadsheet. What numbers mean is decided by the server.
window.dash_clientside = window.dash_clientside || {};

(function () {
  const GRID = "forecast-grid";
  const nothing = () => window.dash_clientside.no_update;
  const inside = (target) => target instanceof Element && target.closest("#" + GRID) !== null;
  const typing = (target) => target instanceof Element && target.closest("input, textarea, .ag-cell-inline-editing") !== null;
  const grid = () => {
    try {
      return window.dash_ag_grid.getApi(GRID);
    } catch (error) {
      return null;
    }
  };

  function choose(node) {
    if (node && node.data) {
      window.dash_clientside.set_props("forecast-chosen", {
        data: { start: node.data.start, at: Date.now() },
      });
    }
  }

  let seen = null; // the choice whose rows the table has

  function extend(api, cell, by) {
    const next = cell.rowIndex + by;
    const here = api.getDisplayedRowAtIndex(cell.rowIndex);
    const there = api.getDisplayedRowAtIndex(next);
    if (here) {
      here.setSelected(true);
    }
    if (there) {
      there.setSelected(true);
      api.ensureIndexVisible(next);
      api.setFocusedCell(next, cell.column);
    }
  }

  function pressed(event) {
    if (!inside(event.target) || typing(event.target)) {
      return;
    }
    const api = grid();
    const cell = api && api.getFocusedCell();
    if (!cell || cell.rowPinned) {
      return;
    }
    if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp") && document.getElementById("forecast-save")) {
      event.preventDefault();
      event.stopPropagation();
      extend(api, cell, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && event.target.closest(".ag-cell")) {
      event.preventDefault();
      choose(api.getDisplayedRowAtIndex(cell.rowIndex));
    } else if (event.key === "Escape") {
      api.deselectAll();
    }
  }

  function clicked(event) {
    if (inside(event.target) && !typing(event.target) && event.target.closest(".ag-cell")) {
      const row = event.target.closest(".ag-row");
      const api = grid();
      if (row && api) {
        choose(api.getDisplayedRowAtIndex(Number(row.getAttribute("row-index"))));
      }
    }
  }

  function pasted(event) {
    if (!inside(event.target) || typing(event.target)) {
      return;
    }
    const api = grid();
    const cell = api && api.getFocusedCell();
    const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    if (!cell || !text) {
      return;
    }
    event.preventDefault();
    const starts = [];
    const most = text.split(/\r\n|\r|\n/).length;
    for (let at = cell.rowIndex; at < api.getDisplayedRowCount() && starts.length < most; at += 1) {
      starts.push(api.getDisplayedRowAtIndex(at).data.start);
    }
    window.dash_clientside.set_props("forecast-pasted", { data: { text: text.slice(0, 200000), starts: starts, at: Date.now() } });
  }

  document.addEventListener("keydown", pressed, true);
  document.addEventListener("click", clicked);
  document.addEventListener("paste", pasted, true);

  function bring(start, tries) {
    const api = grid();
    const node = api && api.getRowNode(start);
    if (!node) {
      if (tries > 0) {
        window.setTimeout(() => bring(start, tries - 1), 80);
      }
      return;
    }
    api.ensureIndexVisible(node.rowIndex, "top");
    const panel = document.getElementById("forecast-table");
    if (panel) {
      panel.scrollIntoView({ block: "start" });
    }
    choose(node);
  }

  window.dash_clientside.forecall_forecast = {
    quick: function () {
      const by = window.dash_clientside.callback_context.triggered_id === "forecast-quick-less" ? "-10" : "10";
      window.setTimeout(() => {
        const reason = document.getElementById("forecast-why");
        if (reason) {
          reason.focus();
        }
      }, 50);
      return ["percent", by];
    },
    clear: function (clicks) {
      return clicks ? true : nothing();
    },
    // other rows: what was typed, selected or chosen in those before is gone
    renewed: function (shown) {
      const now = JSON.stringify((shown && shown.choice) || null);
      const same = seen === null || seen === now;
      seen = now;
      return same ? Array(5).fill(nothing()) : [null, { display: "none" }, null, true, null];
    },
    // the row that the address asked for, once
    aim: function (start) {
      if (!start) {
        return nothing();
      }
      bring(start, 60);
      return {};
    },
    // the queue goes with the planner, also where the address chose it: as Dash keeps what is chosen by hand
    keep: function (queue, usual) {
      if (queue && usual) {
        window.localStorage.setItem("_dash_persistence.queue.value.true", JSON.stringify([queue, usual]));
      }
      return nothing();
    },
    picked: function (click) {
      const told = click && click.points && click.points.map((one) => one.customdata).find((one) => typeof one === "string");
      if (!told) {
        return nothing();
      }
      const [start, step] = told.split("|");
      return { start: start, step: step, at: Date.now() };
    },
  };
})();
