// Zoom and hover for the traces of a report: one window of frames for all figures of a video.
// Without it the page holds the whole video as drawn pictures.
'use strict';
(function () {
  const SVG = 'http://www.w3.org/2000/svg';
  const MISSING = 65535;

  function unpacked(text) {
    const bytes = atob(text);
    const values = new Uint16Array(bytes.length / 2);
    for (let i = 0; i < values.length; i++) values[i] = bytes.charCodeAt(2 * i) | bytes.charCodeAt(2 * i + 1) << 8;
    return values;
  }

  // {least, most}: numbers of a column, NaN where it has none.
  function series(packed) {
    const least = unpacked(packed.least);
    const most = packed.most ? unpacked(packed.most) : least;
    const value = (raw) => raw === MISSING ? NaN : packed.low + raw / 65534 * (packed.high - packed.low);
    return {least: (c) => value(least[c]), most: (c) => value(most[c])};
  }

  function numbers(text) { return text.split(' ').map(Number); }

  function roundTicks(least, most, count) {
    const raw = (most - least) / count, power = Math.pow(10, Math.floor(Math.log10(raw))), digit = raw / power;
    const step = Math.max(1, power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10));
    const ticks = [];
    for (let k = Math.ceil(least / step); k * step <= most; k++) ticks.push(k * step);
    return ticks;
  }

  function Chart(svg, data) {
    this.svg = svg;
    this.data = data;
    this.plot = numbers(svg.dataset.plot);
    this.range = numbers(svg.dataset.range);
    this.down = svg.dataset.yDown === '1';
    this.series = {};
    for (const role in data.figures[svg.id]) this.series[role] = series(data.figures[svg.id][role]);
    this.cursor = document.createElementNS(SVG, 'path');
    this.cursor.setAttribute('stroke', '#1a1a1a');
    this.cursor.setAttribute('stroke-dasharray', '2 3');
    svg.appendChild(this.cursor);
  }

  Chart.prototype.x = function (frame, view) {
    return this.plot[0] + (frame - view[0]) / (view[1] - view[0]) * (this.plot[2] - this.plot[0]);
  };

  Chart.prototype.y = function (value) {
    const share = (value - this.range[2]) / (this.range[3] - this.range[2]);
    return this.down ? this.plot[1] + share * (this.plot[3] - this.plot[1]) : this.plot[3] - share * (this.plot[3] - this.plot[1]);
  };

  // The figure's own path again, for the columns within the view; at most 700 of them.
  Chart.prototype.draw = function (view) {
    const data = this.data, count = data.columns;
    const first = Math.max(0, data.columnOf(view[0]) - 1), last = Math.min(count - 1, data.columnOf(view[1]) + 1);
    const joined = Math.max(1, Math.ceil((last - first + 1) / 700));
    for (const role in this.series) {
      const one = this.series[role], points = [];
      for (let c = first; c <= last; c += joined) {
        let least = NaN, most = NaN;
        for (let i = c; i < Math.min(c + joined, last + 1); i++) {
          const a = one.least(i), b = one.most(i);
          if (!isNaN(a) && !(least <= a)) least = a;
          if (!isNaN(b) && !(most >= b)) most = b;
        }
        points.push([this.x(data.frameOf(c + (Math.min(joined, last + 1 - c) - 1) / 2), view), this.y(least), this.y(most)]);
      }
      const path = this.svg.querySelector('g[data-role="' + role + '"] path');
      if (!path) continue;
      path.setAttribute('d', path.getAttribute('fill') === 'none' ? line(points) : area(points));
    }
    this.ticks(view);
    this.markers(view);
  };

  function line(points) {
    let d = '', open = false;
    for (const p of points) {
      const there = !isNaN(p[1]);
      if (there) d += (open ? 'L' : 'M') + p[0].toFixed(1) + ' ' + p[1].toFixed(1);
      open = there;
    }
    return d;
  }

  function area(points) {
    let d = '';
    for (let i = 0; i < points.length;) {
      if (isNaN(points[i][1] + points[i][2])) { i++; continue; }
      let j = i, back = '';
      for (; j < points.length && !isNaN(points[j][1] + points[j][2]); j++) {
        d += (j === i ? 'M' : 'L') + points[j][0].toFixed(1) + ' ' + points[j][1].toFixed(1);
        back = 'L' + points[j][0].toFixed(1) + ' ' + points[j][2].toFixed(1) + back;
      }
      d += back + 'Z';
      i = j;
    }
    return d;
  }

  Chart.prototype.ticks = function (view) {
    const group = this.svg.querySelector('g[data-role="x-axis"]');
    group.textContent = '';
    for (const tick of roundTicks(view[0], view[1], 8)) {
      const x = this.x(tick, view).toFixed(1);
      const mark = document.createElementNS(SVG, 'path');
      mark.setAttribute('d', 'M' + x + ' ' + this.plot[3] + 'v5');
      mark.setAttribute('stroke', '#1a1a1a');
      const label = document.createElementNS(SVG, 'text');
      label.setAttribute('x', x);
      label.setAttribute('y', this.plot[3] + 17);
      label.setAttribute('text-anchor', 'middle');
      label.textContent = tick;
      group.append(mark, label);
    }
  };

  // The peaks' triangles move with the view.
  Chart.prototype.markers = function (view) {
    const shapes = this.svg.querySelectorAll('g[data-role="peaks"] path');
    shapes.forEach((shape, i) => {
      const frame = this.data.peaks[i];
      const whole = [this.data.first, this.data.last];
      shape.setAttribute('transform', 'translate(' + (this.x(frame, view) - this.x(frame, whole)).toFixed(1) + ' 0)');
    });
  };

  Chart.prototype.point = function (frame, view) {
    const x = this.x(frame, view);
    const inside = frame !== null && x >= this.plot[0] && x <= this.plot[2];
    this.cursor.setAttribute('d', inside ? 'M' + x.toFixed(1) + ' ' + this.plot[1] + 'V' + this.plot[3] : '');
  };

  function shown(least, most) {
    if (isNaN(least)) return 'missing';
    return most - least < 0.05 ? least.toFixed(1) : least.toFixed(1) + ' to ' + most.toFixed(1);
  }

  Chart.prototype.words = function (frame) {
    const column = this.data.columnOf(frame), texts = [];
    for (const role in this.series)
      texts.push(role + ' ' + shown(this.series[role].least(column), this.series[role].most(column)));
    return this.svg.querySelector('title').textContent + ': ' + texts.join(', ') + ' px';
  };

  function start(block) {
    const data = JSON.parse(block.textContent), section = block.closest('section');
    data.columnOf = (frame) => Math.max(0, Math.min(data.columns - 1, Math.floor((frame - data.first) / (data.last - data.first + 1) * data.columns)));
    data.frameOf = (column) => data.first + (column + 0.5) / data.columns * (data.last - data.first + 1) - 0.5;
    let view = [data.first, data.last], frame = Math.round((data.first + data.last) / 2), chosen = null;
    const charts = [...section.querySelectorAll('svg')].filter((svg) => data.figures[svg.id]).map((svg) => new Chart(svg, data));
    const readout = section.querySelector('.readout');

    function show(low, high) {
      const width = Math.max(10, Math.min(high - low, data.last - data.first));
      const begin = Math.max(data.first, Math.min(low, data.last - width));
      view = [begin, begin + width];
      for (const chart of charts) chart.draw(view);
      section.dataset.view = view.map(Math.round).join(' ');
    }
    function zoom(factor, centre) {
      const width = (view[1] - view[0]) * factor, share = (centre - view[0]) / (view[1] - view[0]);
      show(centre - share * width, centre + (1 - share) * width);
    }
    function point(at, chart) {
      frame = Math.max(data.first, Math.min(data.last, Math.round(at)));
      chosen = chart || chosen;
      for (const one of charts) one.point(frame, view);
      readout.textContent = 'frame ' + frame + (chosen ? '. ' + chosen.words(frame) : '');
    }
    const actions = {
      in: () => zoom(0.5, frame >= view[0] && frame <= view[1] ? frame : (view[0] + view[1]) / 2),
      out: () => zoom(2, (view[0] + view[1]) / 2),
      earlier: () => show(view[0] - (view[1] - view[0]) / 3, view[1] - (view[1] - view[0]) / 3),
      later: () => show(view[0] + (view[1] - view[0]) / 3, view[1] + (view[1] - view[0]) / 3),
      all: () => show(data.first, data.last),
    };
    for (const button of section.querySelectorAll('button[data-action]'))
      button.addEventListener('click', () => actions[button.dataset.action]());
    for (const link of section.querySelectorAll('a[data-frame]'))
      link.addEventListener('click', () => { const at = Number(link.dataset.frame); show(at - 60, at + 60); point(at, charts[0]); });

    for (const chart of charts) {
      const svg = chart.svg;
      let dragged = null;
      svg.classList.add('zoom');
      svg.tabIndex = 0;
      const frameAt = (event) => {
        const box = svg.getBoundingClientRect(), width = svg.viewBox.baseVal.width;
        const x = (event.clientX - box.left) / box.width * width;
        return view[0] + (x - chart.plot[0]) / (chart.plot[2] - chart.plot[0]) * (view[1] - view[0]);
      };
      svg.addEventListener('pointermove', (event) => point(frameAt(event), chart));
      svg.addEventListener('pointerdown', (event) => { dragged = frameAt(event); });
      svg.addEventListener('pointerup', (event) => {
        const to = frameAt(event);
        if (dragged !== null && Math.abs(to - dragged) > (view[1] - view[0]) / 100) show(Math.min(to, dragged), Math.max(to, dragged));
        dragged = null;
      });
      svg.addEventListener('focus', () => point(frame, chart));
      svg.addEventListener('keydown', (event) => {
        const step = event.shiftKey ? 10 : 1;
        if (event.key === 'ArrowLeft') point(frame - step, chart);
        else if (event.key === 'ArrowRight') point(frame + step, chart);
        else if (event.key === '+') actions.in();
        else if (event.key === '-') actions.out();
        else if (event.key === '0') actions.all();
        else return;
        if (frame < view[0] || frame > view[1]) show(frame - (view[1] - view[0]) / 2, frame + (view[1] - view[0]) / 2);
        event.preventDefault();
      });
    }
    section.dataset.charts = charts.length;
  }

  document.documentElement.classList.add('scripted');
  document.querySelectorAll('script.traces').forEach(start);
})();
