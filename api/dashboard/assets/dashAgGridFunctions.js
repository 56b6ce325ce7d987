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
