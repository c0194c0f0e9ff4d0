import Drawings

/// A document that stands alone: styles inside, no script, nothing fetched.
enum HTMLDocument {
  /// `title` is plain text, `body` markup.
  static func text(title: String, styles: [String], body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="zh">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">
    <title>\(HTML.escape(title))</title>
    <style>
    \(styles.joined(separator: "\n"))
    </style>
    </head>
    <body>
    \(body)
    </body>
    </html>

    """
  }
}
