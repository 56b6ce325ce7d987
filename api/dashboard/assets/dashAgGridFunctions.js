// Numbers in the tables, written as the language of the page does. Used by name from tables.py; nothing is evaluated.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

dagfuncs.forecallNumber = function (value, digits, language, sign) {
  if (value === null || value === undefined) {
    return "–";
  }
  const options = {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: sign ? "exceptZero" : "auto",
  };
  return new Intl.NumberFormat(language === "nl" ? "nl-NL" : "en-GB", options).format(value).replace("-", "−");
};

// A number typed over another, as the language of the page writes it; what is no number leaves the old one.
dagfuncs.forecallTyped = function (typed, before, language) {
  let text = String(typed === null || typed === undefined ? "" : typed).replace(/[\s\u00a0\u202f]/g, "");
  const last = Math.max(text.lastIndexOf("."), text.lastIndexOf(","));
  if (last >= 0) {
    const mark = text[last];
    const other = mark === "." ? "," : ".";
    const grouped = text.split(mark).length > 2 || (!text.includes(other) && /^[1-9]\d{0,2}[.,]\d{3}$/.test(text)
      && mark === (language === "nl" ? "." : ","));
    text = grouped ? text.split(mark).join("").replace(other, ".") : text.split(other).join("").replace(mark, ".");
  }
  return /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : before;
};

// Enter asks why, and does not open the cell: F2, a double click or typing does.
dagfuncs.forecallKeys = function (params) {
  return params.event.key === "Enter" && !params.editing;
};
