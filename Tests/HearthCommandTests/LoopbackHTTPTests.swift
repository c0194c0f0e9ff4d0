import HearthCommand
import Testing

@Suite("Answers of a service")
struct LoopbackHTTPTests {
  private func parse(_ text: String) throws -> LoopbackHTTP.Response { try LoopbackHTTP.parse(Array(text.utf8)) }

  @Test("status, headers and body are read")
  func plain() throws {
    let answer = try parse("HTTP/1.1 503 Service Unavailable\r\nRetry-After:  2\r\nContent-Length: 3\r\n\r\nno\n")
    #expect(answer.status == 503)
    #expect(answer.headers["retry-after"] == "2")
    #expect(answer.body == Array("no\n".utf8))
  }

  @Test("chunks are put together, their extensions left out")
  func chunked() throws {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(try parse(head + "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n").body == Array("abc0123456789".utf8))
    #expect(try parse(head + "0\r\n\r\n").body.isEmpty)
  }

  @Test(
    "what is broken fails and says how",
    arguments: [
      ("", "the answer is not HTTP"), ("HTTP/1.1 200 OK\r\n", "the answer is not HTTP"),
      ("HTTP/1.1\r\n\r\n", "the answer is not HTTP"), ("SSH-2.0 x y\r\n\r\n", "the answer is not HTTP"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "the answer ended early"),
    ]
  )
  func broken(_ text: String, _ reason: String) throws {
    #expect(try #require(throws: LoopbackHTTP.Failure.self) { try parse(text) }.description == reason)
  }

  @Test(
    "broken chunks fail and say how",
    arguments: [
      ("3\r\nab", "the answer ended early"), ("", "the answer ended early"), ("3\r\nabc\r\n", "the answer ended early"),
      ("zz\r\nabc\r\n", "the answer's chunks are broken"), ("-3\r\nabc\r\n", "the answer's chunks are broken"),
      ("7fffffffffffffff\r\nabc\r\n", "the answer's chunks are broken"),
      ("ffffffffffffffffff\r\nabc\r\n", "the answer's chunks are broken"),
    ]
  )
  func brokenChunks(_ body: String, _ reason: String) throws {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(try #require(throws: LoopbackHTTP.Failure.self) { try parse(head + body) }.description == reason)
  }
}
