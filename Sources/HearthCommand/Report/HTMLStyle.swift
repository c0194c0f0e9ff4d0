import Drawings

/// The page's own style: nothing is fetched. Colours follow the reader's setting; one accent, one contrast.
enum HTMLStyle {
  static let css = """
    :root{color-scheme:light dark;--ink:#1c1a17;--soft:#6c665d;--line:#ddd6ca;--page:#faf7f2;--card:#fff;
    --accent:#b4471f;--second:#2f6f73;--faint:#efe9df}
    @media (prefers-color-scheme:dark){:root{--ink:#ece6dc;--soft:#a39b8e;--line:#3a352e;--page:#171512;--card:#1f1c18;
    --accent:#e8834f;--second:#6fb6ba;--faint:#2a2620}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans",
    "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;font-variant-numeric:tabular-nums}
    main{max-width:68rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
    h1{font-size:clamp(1.7rem,5vw,2.6rem);line-height:1.15;margin:0 0 .3rem;font-weight:650;letter-spacing:-.01em}
    h2{font-size:1.25rem;margin:3.2rem 0 .9rem;padding-top:.7rem;border-top:2px solid var(--ink);font-weight:650}
    h3{font-size:1rem;margin:1.6rem 0 .4rem;font-weight:600}
    h1 small,h2 small,h3 small{font-weight:400;color:var(--soft);font-size:.72em;margin-left:.5em}
    p{margin:.4rem 0}.soft{color:var(--soft)}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem 1.5rem;margin:1.8rem 0 0}
    .figures div{border-top:1px solid var(--line);padding-top:.5rem}
    .figures b{display:block;font-size:1.65rem;line-height:1.2;font-weight:620;letter-spacing:-.01em}
    .figures span{color:var(--soft);font-size:.85rem}
    .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem}
    .card{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem 1rem}
    .card h3{margin-top:0}
    .two{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1.5rem;align-items:start}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.92rem}
    th,td{text-align:left;padding:.28rem .7rem .28rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
    th{font-weight:500;color:var(--soft);font-size:.82rem}
    td.n,th.n{text-align:right;white-space:nowrap}td.bar{width:34%;min-width:5rem}
    svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font-family:inherit}
    svg .s{fill:var(--soft)}svg .a{fill:var(--accent)}svg .b{fill:var(--second)}svg .f{fill:var(--faint)}
    svg .g{fill:var(--line)}
    svg .l{stroke:var(--ink);stroke-width:1.2}svg .w{font-weight:650}
    svg .h{paint-order:stroke;stroke:var(--faint);stroke-width:4px}
    .meter{height:.62em;background:var(--faint);border-radius:2px}
    .meter i{display:block;height:100%;background:var(--second);border-radius:2px;min-width:2px}
    .reach{display:flex;align-items:center;gap:.6rem;margin:.2rem 0;font-size:.95rem}
    .reach i{height:1.35rem;border-radius:2px;min-width:3px;flex:none}.reach .a{background:var(--accent)}
    .reach .b{background:var(--second)}.reach span{white-space:nowrap}
    .key i{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin:0 .35em 0 .9em}
    ol.story{list-style:none;margin:1rem 0 0;padding:0 0 0 1.1rem;border-left:2px solid var(--line)}
    ol.story li{position:relative;padding:.22rem 0 .22rem .3rem}
    ol.story li:before{content:"";position:absolute;left:-1.47rem;top:.72em;width:.6rem;height:.6rem;border-radius:50%;
    background:var(--line)}
    ol.story .event:before{background:var(--ink)}
    ol.story .segment:before,ol.story .funnel:before{background:var(--second)}
    ol.story .touch:before{background:var(--accent)}ol.story .touch b{color:var(--accent)}
    ol.story time{color:var(--soft);font-size:.82rem;margin-right:.6em}
    ol.story em{display:block;color:var(--soft);font-style:normal;font-size:.85rem}
    .kind{display:inline-block;min-width:4.6em;color:var(--soft);font-size:.82rem}
    .tags span{display:inline-block;background:var(--faint);border-radius:3px;padding:.05rem .5rem;
    margin:.15rem .3rem .15rem 0;font-size:.85rem}
    footer{margin-top:3.5rem;color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);padding-top:.8rem}
    @media (max-width:40rem){main{padding:1.4rem .9rem 3rem}td.bar,th.bar{display:none}ol.story time{display:block}}
    """
}

/// Pieces of a page. All data goes through `escape`.
enum HTML {
  /// Safe between tags and inside quoted attributes.
  static func escape(_ text: String) -> String { Markup.escape(text) }

  /// A heading in both languages.
  static func heading(_ level: Int, _ label: ReportLabel, note: String? = nil) -> String {
    let second = [label.zh == label.en ? nil : label.en, note].compactMap { $0 }.joined(separator: " · ")
    let small = second.isEmpty ? "" : "<small>\(escape(second))</small>"
    return "<h\(level)>\(escape(label.zh))\(small)</h\(level)>\n"
  }

  static func heading(_ level: Int, _ zh: String, _ en: String) -> String {
    heading(level, ReportLabel(zh: zh, en: en))
  }

  static func figure(_ value: String, _ zh: String, _ en: String) -> String {
    "<div><b>\(escape(value))</b><span>\(escape(zh)) \(escape(en))</span></div>\n"
  }

  /// A horizontal bar for a table's cell.
  static func meter(_ value: Int, of largest: Int) -> String {
    let tenths = largest > 0 ? min(max(value, 0), largest) * 1000 / largest : 0
    return "<td class=\"bar\"><div class=\"meter\"><i style=\"width:\(tenths / 10).\(tenths % 10)%\"></i></div></td>"
  }

  static func cell(_ text: String) -> String { "<td>\(escape(text))</td>" }
  static func numeral(_ text: String) -> String { "<td class=\"n\">\(escape(text))</td>" }

  /// A table; a column whose name begins with `#` holds numbers, `|` a bar.
  static func table(_ columns: [String], _ rows: [String]) -> String {
    let head = columns.map { name in
      switch name.first {
      case "#": "<th class=\"n\">\(escape(String(name.dropFirst())))</th>"
      case "|": "<th class=\"bar\"></th>"
      default: "<th>\(escape(name))</th>"
      }
    }.joined()
    let body = rows.map { "<tr>\($0)</tr>\n" }.joined()
    return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
  }
}
