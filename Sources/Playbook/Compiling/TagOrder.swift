/// The evaluation order of tags: each after what it reads.
struct TagOrder {
  /// Every name, in order.
  private(set) var names: [String] = []
  /// Circles of names that read each other, each as the path from its smallest name back to it.
  private(set) var cycles: [[String]] = []

  /// Kahn's algorithm: of the names whose dependencies are all placed, always the smallest comes next, so the order
  /// depends on the definitions alone, not on files or lines. Where only circles are left, one is taken out by the
  /// path from the smallest name through smallest dependencies. O(n²) at worst in the number of names.
  ///
  /// - Parameter dependencies: of each name, the names it reads; only keys of the dictionary count.
  init(dependencies: [String: Set<String>]) {
    var waiting = dependencies.mapValues { $0.filter { dependencies[$0] != nil } }
    var readers: [String: [String]] = [:]
    for (name, read) in waiting { for dependency in read { readers[dependency, default: []].append(name) } }
    var ready = Set(waiting.filter(\.value.isEmpty).keys)
    while !waiting.isEmpty {
      guard let next = ready.min() else {
        let cycle = Self.cycle(in: waiting)
        cycles.append(cycle)
        // The circle's members count as placed, so that what only reads them is no circle too.
        for name in Set(cycle).sorted() { place(name, &waiting, &ready, readers) }
        continue
      }
      ready.remove(next)
      place(next, &waiting, &ready, readers)
    }
  }

  private mutating func place(
    _ name: String,
    _ waiting: inout [String: Set<String>],
    _ ready: inout Set<String>,
    _ readers: [String: [String]]
  ) {
    names.append(name)
    waiting[name] = nil
    ready.remove(name)
    for reader in readers[name] ?? [] {
      guard waiting[reader] != nil else { continue }
      waiting[reader]?.remove(name)
      if waiting[reader]?.isEmpty == true { ready.insert(reader) }
    }
  }

  /// `[a, b, a]` for a that reads b that reads a.
  private static func cycle(in waiting: [String: Set<String>]) -> [String] {
    guard var name = waiting.keys.min() else { return [] }
    var path: [String] = []
    while !path.contains(name) {
      path.append(name)
      guard let next = waiting[name]?.min() else { return path }
      name = next
    }
    var circle = Array(path[(path.firstIndex(of: name) ?? 0)...])
    let smallest = circle.indices.min { circle[$0] < circle[$1] } ?? 0
    circle = Array(circle[smallest...] + circle[..<smallest])
    return circle + [circle[0]]
  }
}
