(function () {
  "use strict";
  var table = document.getElementById("leaders");
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var units = { h: 3600, min: 60, s: 1, ms: 0.001 };
  function key(row, column) {
    var text = row.cells[column].textContent.replace("\u2212", "-");
    var number = parseFloat(text);
    var unit = / (h|min|s|ms)$/.exec(text);
    return isNaN(number) ? text : number * (unit ? units[unit[1]] : 1);
  }
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort(function (a, b) { return (down ? -1 : 1) * compare(key(a, column), key(b, column)); });
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });
  var filter = document.getElementById("filter");
  var output = filter.parentNode.querySelector("output");
  filter.parentNode.hidden = false;
  filter.addEventListener("input", function () {
    var words = filter.value.toLowerCase().split(/\s+/);
    var shown = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var found = words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !found;
      shown += found ? 1 : 0;
    });
    output.textContent = shown + " of " + rows.length;
  });
})();
