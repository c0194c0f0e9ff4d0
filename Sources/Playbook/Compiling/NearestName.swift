/// The known name that a mistyped one most likely means.
enum NearestName {
  /// The name with the smallest edit distance (insertion, deletion, substitution, swap of neighbours), at most a third
  /// of the longer name's length and never more than 3; ties by name. `nil` when none is near.
  static func nearest(to name: String, among known: some Sequence<String>) -> String? {
    let wanted = Array(name.unicodeScalars.prefix(lengthMax))
    var best: (distance: Int, name: String)?
    for candidate in known where candidate != name {
      let scalars = Array(candidate.unicodeScalars.prefix(lengthMax))
      let allowed = min(3, max(wanted.count, scalars.count) / 3)
      guard abs(wanted.count - scalars.count) <= allowed else { continue }
      let distance = editDistance(wanted, scalars)
      guard distance <= allowed else { continue }
      if let kept = best, (kept.distance, kept.name) <= (distance, candidate) { continue }
      best = (distance, candidate)
    }
    return best?.name
  }

  /// `did you mean …?` for the nearest name; `nil` when none is near.
  static func hint(for name: String, among known: some Sequence<String>) -> String? {
    nearest(to: name, among: known).map { "did you mean `\($0)`?" }
  }

  private static let lengthMax = 128

  /// Optimal string alignment distance; O(n · m).
  static func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        let substitution = last[column] + (left[row] == right[column] ? 0 : 1)
        var best = min(substitution, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, beforeLast[column - 1] + 1)
        }
        current.append(best)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
