import CCurl
import EventModel
import Glibc

/// One POST by libcurl, to one address, without redirects, proxies, cookies or credentials of the environment.
struct CurlPost {
  var target: WebhookTarget
  var address: NetworkAddress
  var headers: [(name: String, value: String)]
  var body: [UInt8]
  var connectTimeout: TimeSpan
  var timeout: TimeSpan
  var responseBytesMax: Int
  /// PEM file of the authorities to trust; nil for the system's.
  var authorityFile: String?

  enum Answer: Hashable {
    case status(Int, retryAfter: TimeSpan?)
    /// No status came. `afterSending`: the request may have reached the receiver.
    case failed(reason: String, afterSending: Bool)
  }

  /// libcurl's global state, made once before any thread uses it.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// What the callbacks see; lives on the stack of `perform`, touched by its thread alone.
  private struct Transfer {
    let address: NetworkAddress
    var responseBytesLeft: Int
    var refusedSocket = false
  }

  /// Blocks until the answer or a limit.
  func perform() -> Answer {
    guard Self.isReady, let handle = curl_easy_init() else {
      return .failed(reason: "libcurl did not start", afterSending: false)
    }
    defer { curl_easy_cleanup(handle) }
    let lines = list(headers.map { "\($0.name): \($0.value)" } + ["Expect:"])
    let pin = target.pin(to: address)
    let pins = list(pin.map { [$0] } ?? [])
    defer {
      curl_slist_free_all(lines)
      curl_slist_free_all(pins)
    }
    guard let lines, pin == nil || pins != nil else { return .failed(reason: "out of memory", afterSending: false) }
    var transfer = Transfer(address: address, responseBytesLeft: responseBytesMax)
    return withUnsafeMutablePointer(to: &transfer) { transfer in
      guard configure(handle, lines: lines, pins: pins, transfer: transfer) else {
        return .failed(reason: "libcurl refused an option", afterSending: false)
      }
      return answer(of: handle, code: curl_easy_perform(handle), refused: transfer.pointee.refusedSocket)
    }
  }

  private func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
    var head: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(head, line) else {
        curl_slist_free_all(head)
        return nil
      }
      head = longer
    }
    return head
  }

  private func configure(
    _ handle: UnsafeMutableRawPointer,
    lines: UnsafeMutablePointer<curl_slist>,
    pins: UnsafeMutablePointer<curl_slist>?,
    transfer: UnsafeMutablePointer<Transfer>
  ) -> Bool {
    let texts: [(CURLoption, String?)] = [
      (CURLOPT_URL, target.url), (CURLOPT_PROTOCOLS_STR, target.scheme), (CURLOPT_USERAGENT, "hearth"),
      // An empty proxy also keeps libcurl from reading http_proxy and the like.
      (CURLOPT_PROXY, ""), (CURLOPT_CAINFO, authorityFile),
    ]
    let numbers: [(CURLoption, Int)] = [
      (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_FORBID_REUSE, 1), (CURLOPT_POST, 1),
      (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2),
      (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
      (CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout.milliseconds)), (CURLOPT_TIMEOUT_MS, Int(timeout.milliseconds)),
    ]
    for (option, text) in texts {
      guard let text else { continue }
      guard hearth_curl_set_text(handle, option, text) == CURLE_OK else { return false }
    }
    for (option, number) in numbers {
      guard hearth_curl_set_long(handle, option, number) == CURLE_OK else { return false }
    }
    return hearth_curl_set_list(handle, CURLOPT_HTTPHEADER, lines) == CURLE_OK
      && hearth_curl_set_list(handle, CURLOPT_RESOLVE, pins) == CURLE_OK
      && hearth_curl_set_body(handle, body, curl_off_t(body.count)) == CURLE_OK
      && hearth_curl_set_write(handle, Self.write, transfer) == CURLE_OK
      && hearth_curl_set_open_socket(handle, Self.openSocket, transfer) == CURLE_OK
  }

  /// The response is not read, only bounded: past the bound the transfer is cut.
  private static let write: curl_write_callback = { _, size, count, context in
    guard let transfer = context?.assumingMemoryBound(to: Transfer.self) else { return 0 }
    transfer.pointee.responseBytesLeft -= size * count
    return transfer.pointee.responseBytesLeft >= 0 ? size * count : 0
  }

  /// The last gate: whatever libcurl made of the host, a socket is opened to the checked address only.
  private static let openSocket: curl_opensocket_callback = { context, _, address in
    guard let transfer = context?.assumingMemoryBound(to: Transfer.self), let address,
      let pointer = hearth_curl_address(address), NetworkAddress(pointer) == transfer.pointee.address
    else {
      context?.assumingMemoryBound(to: Transfer.self).pointee.refusedSocket = true
      return curl_socket_t(-1)
    }
    return socket(
      address.pointee.family,
      address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.protocol
    )
  }

  private func answer(of handle: UnsafeMutableRawPointer, code: CURLcode, refused: Bool) -> Answer {
    var status = 0
    var sent = 0
    var seconds: curl_off_t = 0
    _ = hearth_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    _ = hearth_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent)
    _ = hearth_curl_get_offset(handle, CURLINFO_RETRY_AFTER, &seconds)
    // A whole status line is an answer, even if the rest of the response was too long or broke off.
    if status >= 200 {
      return .status(status, retryAfter: seconds > 0 ? .seconds(min(Int64(seconds), 1 << 32)) : nil)
    }
    return .failed(reason: refused ? "address refused" : Self.reason(of: code), afterSending: sent > 0)
  }

  private static func reason(of code: CURLcode) -> String {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: "timed out"
    case CURLE_COULDNT_CONNECT: "connection refused"
    case CURLE_PEER_FAILED_VERIFICATION: "certificate refused"
    case CURLE_SSL_CONNECT_ERROR: "tls failed"
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR: "connection broke"
    default: "curl \(code.rawValue)"
    }
  }
}
