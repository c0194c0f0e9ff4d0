/// A subject's key as a key of dictionaries: hashed and compared as a whole, not byte by byte.
struct SubjectKey: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func == (left: SubjectKey, right: SubjectKey) -> Bool { left.bytes == right.bytes }

  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

/// The subjects of a lane that are in memory, by key.
///
/// The dictionary beneath is of one concrete type whatever the service keeps of a subject: looking one up, which every
/// record does several times, is then compiled for it and not interpreted.
struct SubjectTable<Subject: AnyObject> {
  private var objects: [SubjectKey: AnyObject] = [:]

  init() {}

  var count: Int { objects.count }
  var keys: [[UInt8]] { objects.keys.map(\.bytes) }

  subscript(key: [UInt8]) -> Subject? {
    get {
      guard let object = objects[SubjectKey(key)] else { return nil }
      // Only `Subject`s are put in.
      return unsafeDowncast(object, to: Subject.self)
    }
    set { objects[SubjectKey(key)] = newValue }
  }
}
