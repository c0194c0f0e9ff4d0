import EventModel
import Glibc
import PipelinePorts

/// The kernel's write and fsync.
package struct SystemDisk: JournalDisk {
  package init() {}

  /// write(2).
  package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    return count < 0 ? -Int(errno) : count
  }

  /// fdatasync(2).
  package func sync(_ descriptor: Int32) -> Int {
    Glibc.fdatasync(descriptor) < 0 ? -Int(errno) : 0
  }
}

/// A failure of a system call, with errno's name as its code.
func systemFailure(_ what: String, errno code: Int32) -> AdapterFailure {
  let names: [Int32: String] = [
    ENOSPC: "ENOSPC", EDQUOT: "EDQUOT", EIO: "EIO", EACCES: "EACCES", ENOENT: "ENOENT", EROFS: "EROFS",
    EMFILE: "EMFILE", EFBIG: "EFBIG",
  ]
  // Room may come back; anything else says that the disk or its mount is not what it was.
  let full = code == ENOSPC || code == EDQUOT
  return AdapterFailure(
    code: names[code] ?? "errno \(code)",
    reason: "the journal could not \(what)",
    disposition: full ? .retriable : .fatal
  )
}
