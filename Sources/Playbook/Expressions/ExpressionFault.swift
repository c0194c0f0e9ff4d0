/// A fault of an expression, placed by the offset of a Unicode scalar value in its text.
struct ExpressionFault: Error, Hashable {
  var offset: Int
  var what: String
  var expected: String
  var found: String
  var hint: String?

  init(offset: Int, what: String, expected: String, found: String, hint: String? = nil) {
    self.offset = offset
    self.what = what
    self.expected = expected
    self.found = found
    self.hint = hint
  }
}
