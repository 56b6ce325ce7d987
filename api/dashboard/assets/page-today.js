// The start page in the browser: the stream of changes, the queue in front, the sheet as a mail.
(function () {
  const LEAST = 10000; // milliseconds from one refresh to the next
  const AGAIN = 30000; // after which a stream that was refused is asked for again
  const LONGEST = 1800; // characters of a mail's address: programs cut longer ones
  const MOST = 20; // recipients
  const ADDRESS = /^[^\s@<>,;?&"'()]+@[^\s@<>,;?&"'()]+$/;
  let source = null, told = "", wanted = "", shown = 0, timer = 0, later = 0, focused = "";

  const box = () => document.getElementById("today-live");

  function say(live) {
    const place = box();
    if (!place) {
      return;
    }
    place.classList.toggle("on", live);
    const said = place.querySelector(".said");
    const text = live ? place.dataset.live : place.dataset.off;
    if (said && said.textContent !== text) {
      said.textContent = text;
    }
  }

  function refresh() {
    if (!wanted || document.hidden || timer || !box()) {
      return;
    }
    const wait = Math.max(0, shown + LEAST - Date.now());
    timer = window.setTimeout(() => {
      timer = 0;
      if (!document.hidden && box() && wanted) {
        shown = Date.now();
        const mark = wanted;
        wanted = "";
        window.dash_clientside.set_props("today-mark", { data: mark });
      }
    }, wait);
  }

  function heard(event) {
    if (told && event.data !== told) {
      wanted = event.data;
      refresh();
    }
    told = event.data;
    say(true);
  }

  function close() {
    if (source) {
      source.close();
      source = null;
    }
    window.clearTimeout(later);
    window.clearTimeout(timer);
    later = timer = 0;
    told = wanted = "";
  }

  function open() {
    const place = box();
    if (!place || source || !window.EventSource) {
      return;
    }
    source = new EventSource(place.dataset.path);
    source.addEventListener("mark", heard);
    source.addEventListener("changed", heard);
    source.onerror = () => {
      say(false);
      if (source && source.readyState === EventSource.CLOSED) {
        source = null;
        window.clearTimeout(later);
        later = window.setTimeout(open, AGAIN);
      }
    };
  }

  // The page was left: nothing listens any more. A part was drawn anew: what had the focus has it again.
  function keep() {
    if (!box()) {
      close();
      return;
    }
    if (focused && document.activeElement === document.body) {
      const again = document.getElementById(focused);
      if (again) {
        again.focus({ preventScroll: true });
      }
    }
  }

  let watched = null;
  function observe() {
    const page = document.getElementById("page");
    if (page && page !== watched) {
      watched = page;
      new MutationObserver(keep).observe(page, { childList: true, subtree: true });
    }
  }

  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", () => { if (box()) { open(); } });
  document.addEventListener("focusin", (event) => {
    focused = event.target instanceof Element ? event.target.id : "";
  });
  document.addEventListener("pointerdown", () => { focused = ""; }, true);

  function addresses(text) {
    return (text || "").split(/[\s,;]+/).filter((one) => ADDRESS.test(one)).slice(0, MOST);
  }

  // Whole lines, as many as fit; what is left out is told by an ellipsis.
  function fitting(text, room) {
    const whole = encodeURIComponent(text.replace(/\n/g, "\r\n"));
    if (whole.length <= room) {
      return whole;
    }
    let held = "";
    for (const line of text.split("\n")) {
      const more = held + encodeURIComponent(line + "\r\n");
      if (more.length > room - 12) {
        break;
      }
      held = more;
    }
    return held + encodeURIComponent("…");
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.forecall_today = {
    watch: function () {
      observe();
      open();
      say(Boolean(source && source.readyState === EventSource.OPEN));
      return window.dash_clientside.no_update;
    },
    first: function (given) {
      const kept = Object.keys(window.localStorage).some((key) => key.startsWith("_dash_persistence.queue.value"));
      if (given && given.asked) {
        return given.asked;
      }
      return given && given.wanted && !kept ? given.wanted : window.dash_clientside.no_update;
    },
    mail: function (text, who, subject) {
      const head = "mailto:" + addresses(who).map(encodeURIComponent).join(",") + "?subject=" +
        encodeURIComponent((subject || "").slice(0, 120)) + "&body=";
      return head + fitting(text || "", Math.max(200, LONGEST - head.length));
    },
    copy: function (clicks, text, done) {
      if (!clicks) {
        return window.dash_clientside.no_update;
      }
      const area = document.getElementById("today-sheet-text");
      const old = () => {
        area.select();
        return document.execCommand("copy") ? done : "";
      };
      if (navigator.clipboard && window.isSecureContext) {
        return navigator.clipboard.writeText(text || "").then(() => done, old);
      }
      return old();
    },
  };
})();
