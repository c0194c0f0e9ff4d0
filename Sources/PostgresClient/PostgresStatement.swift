/// A statement and its parameters (`$1` is the first).
///
/// The SQL is the program's own text: parameters are the only way for a value into it.
package struct PostgresStatement: Sendable {
  package let sql: String
  package let parameters: [PostgresValue]

  package init(_ sql: String, _ parameters: [PostgresValue] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}
