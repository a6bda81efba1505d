extension HTMLReport {
    /// Colours keep a contrast of at least 3:1 against their surface, and differ in lightness as well as in hue.
    static let style = """
        :root{--page:#f4f4f1;--card:#fff;--ink:#1b1b19;--muted:#696862;--line:#e3e2dc;--axis:#a5a49c;--c1:#1f6fd0;\
        --c2:#d1650a;--c3:#8a8981;--c4:#c92a2a;--good:#12813f;--warning:#a86800;--bad:#c92a2a;--idle:#8a8981;\
        --goodBack:#e2f3e8;--warningBack:#fbf0da;--badBack:#fbe5e4}
        @media (prefers-color-scheme:dark){:root{--page:#141413;--card:#1e1e1c;--ink:#efeee8;--muted:#a3a29a;\
        --line:#33332f;--axis:#5e5d57;--c1:#5b9df0;--c2:#f0964a;--c3:#96958d;--c4:#f06a6a;--good:#4fc07c;\
        --warning:#e0a63a;--bad:#f06a6a;--idle:#96958d;--goodBack:#17311f;--warningBack:#352912;--badBack:#3b1b1b}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;\
        font-variant-numeric:tabular-nums}
        main{max-width:1180px;margin:0 auto;padding:28px 20px 40px}
        .eyebrow{margin:0;color:var(--muted);font-size:13px}
        h1{margin:2px 0 12px;font-size:21px;line-height:1.25;font-weight:650;overflow-wrap:anywhere}
        .arrow{color:var(--muted);font-weight:400}
        .verdict{margin:0 0 16px;padding:11px 14px;border-radius:8px;font-size:15px}
        .verdict strong{margin-right:8px}
        .verdict.good{background:var(--goodBack)}.verdict.warning{background:var(--warningBack)}
        .verdict.bad{background:var(--badBack)}
        .verdict.good strong{color:var(--good)}.verdict.warning strong{color:var(--warning)}
        .verdict.bad strong{color:var(--bad)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:12px}
        .tile,.panel{background:var(--card);border:1px solid var(--line);border-radius:8px}
        .tile{padding:12px 14px;display:flex;flex-direction:column}
        .tile .name,.tile .note{color:var(--muted);font-size:12.5px}
        .tile .value{font-size:25px;font-weight:620;line-height:1.25;white-space:nowrap}
        .tile.bad .value{color:var(--bad)}
        .grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:12px;margin-bottom:12px}
        .grid2 .panel{margin:0}
        .panel{padding:14px 16px;margin-bottom:12px;min-width:0}
        h2{margin:0 0 8px;font-size:14.5px;font-weight:620}
        h2 small{color:var(--muted);font-weight:400;font-size:12.5px;margin-left:4px}
        h3{margin:12px 0 4px;font-size:13px;font-weight:600;overflow-wrap:anywhere}
        .legend{margin:0 0 4px;color:var(--muted);font-size:12.5px;display:flex;gap:16px;flex-wrap:wrap}
        .key{display:inline-block;width:16px;border-top:2.5px solid;vertical-align:middle;margin-right:6px}
        .key.dashed{border-top-style:dashed}
        .key.c1{color:var(--c1)}.key.c2{color:var(--c2)}.key.c3{color:var(--c3)}.key.c4{color:var(--c4)}
        svg.chart{display:block;width:100%;height:auto;overflow:visible}
        .grid{stroke:var(--line)}.axis{stroke:var(--axis)}
        .tick{fill:var(--muted);font-size:11.5px}.end{text-anchor:end}.mid{text-anchor:middle}
        .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        .line.dashed{stroke-dasharray:5 5}
        .line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}.line.c4{stroke:var(--c4)}
        .dot.c1{fill:var(--c1)}.dot.c2{fill:var(--c2)}.dot.c3{fill:var(--c3)}.dot.c4{fill:var(--c4)}
        .cross{stroke:var(--axis);visibility:hidden;pointer-events:none}
        .hit{fill:transparent}
        svg.matrix,svg.bars-chart{display:block;width:100%;height:auto;margin-bottom:8px}
        .cell{fill:var(--c1);stroke:var(--line)}.cell.right{stroke:var(--good);stroke-width:2}
        svg .value{fill:var(--ink);font-size:12.5px}
        svg.picture{display:block;width:100%;height:auto}.cell2{fill:var(--c4)}.cell2.fails{stroke:var(--bad);stroke-width:2}
        .small{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:14px 18px}
        figure{margin:0;min-width:0}figcaption{font-size:12.5px;overflow-wrap:anywhere}b.bad{color:var(--bad)}
        .share{fill:var(--c1);fill-opacity:.55}.share.bad{fill:var(--bad)}.whisker{stroke:var(--ink);stroke-width:1.5}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th{font-weight:400;text-align:left}
        .bars th{width:1%;padding:5px 12px 5px 0;white-space:nowrap}
        .bars td{padding:5px 0}
        .track .bar{display:block;height:12px;border-radius:3px}
        .bar.good{background:var(--good)}.bar.warning{background:var(--warning)}.bar.bad{background:var(--bad)}
        .bar.idle{background:var(--idle)}.bar.plain{background:var(--c1)}
        .bars .number{width:1%;white-space:nowrap;text-align:right;padding-left:14px}
        .muted{color:var(--muted)}td.bad{color:var(--bad);font-weight:600}
        .scroll{overflow-x:auto}
        .wide th,.wide td{padding:6px 0 6px 18px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}
        .wide th:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere;min-width:180px}
        .wide thead th{border-top:0;color:var(--muted);font-size:12.5px}
        dl{margin:0;font-size:13px}
        dl div{display:flex;justify-content:space-between;gap:20px;padding:4px 0;border-top:1px solid var(--line)}
        dl div:first-child{border-top:0}
        .bars + dl{margin-top:8px;border-top:1px solid var(--line)}
        dt{color:var(--muted);white-space:nowrap}dd{margin:0;text-align:right;overflow-wrap:anywhere}
        .nothing{color:var(--muted);margin:24px 0;text-align:center}
        footer{color:var(--muted);font-size:12.5px;margin-top:16px}
        #tip{position:fixed;left:0;top:0;display:none;pointer-events:none;white-space:pre;background:var(--ink);\
        color:var(--page);font-size:12.5px;padding:6px 9px;border-radius:6px;z-index:1}
        @media print{body{background:#fff}.tile,.panel{break-inside:avoid}}
        """

    /// Shows the text of the hit area below the pointer. Written without `<` and `&`, so that the page stays XML.
    static let script = """
        (function(){
        var tip=document.getElementById('tip');
        document.querySelectorAll('svg.chart').forEach(function(svg){
        var cross=svg.querySelector('.cross');
        function hide(){tip.style.display='none';cross.style.visibility='hidden';}
        svg.addEventListener('pointermove',function(event){
        var text=event.target.getAttribute('data-tip');
        if(!text){hide();return;}
        var x=event.target.getAttribute('data-x');
        cross.setAttribute('x1',x);cross.setAttribute('x2',x);cross.style.visibility='visible';
        tip.textContent=text;tip.style.display='block';
        var left=event.clientX+14;
        if(left+tip.offsetWidth>window.innerWidth-8){left=event.clientX-tip.offsetWidth-14;}
        tip.style.transform='translate('+Math.max(8,left)+'px,'+Math.max(8,event.clientY-tip.offsetHeight-8)+'px)';
        });
        svg.addEventListener('pointerleave',hide);
        });
        })();
        """
}
