import Insights
import Testing

@Suite("The normal distribution")
struct NormalDistributionTests {
  @Test(
    "The upper tail is that of printed tables, to ten digits",
    arguments: [
      (0.0, 0.5), (1.0, 0.15865525393145705), (1.959963984540054, 0.025), (2.9, 0.001865813300384038),
      (3.0, 0.0013498980316300946), (3.1, 0.0009676032132183561), (4.0, 3.167124183311992e-05),
      (6.0, 9.865876450376946e-10), (10.0, 7.61985302416047e-24),
    ]
  )
  func tables(_ z: Double, _ expected: Double) {
    #expect(abs(NormalDistribution.upperTail(z) - expected) <= expected * 1e-10)
    #expect(abs(NormalDistribution.upperTail(-z) - (1 - expected)) < 1e-12)
  }

  @Test("The tail falls all the way, also where the two ways of computing it meet")
  func falls() {
    var last = 1.0
    for step in -400...400 {
      let tail = NormalDistribution.upperTail(Double(step) / 50)
      #expect(tail < last)
      last = tail
    }
    #expect(NormalDistribution.upperTail(40) == 0)
  }
}
