import Benchmark
import Workloads

/// Megabytes in a second.
private let speed = BenchmarkMetric.custom("MB/s", polarity: .prefersLarger, useScalingFactor: false)

let benchmarks: @Sendable () -> Void = {
  for workload in Workload.all {
    let configuration = Benchmark.Configuration(
      metrics: [.wallClock, .throughput] + (workload.bytes == nil ? [] : [speed]), scalingFactor: workload.isShort ? .kilo : .one,
      maxDuration: .seconds(2))
    Benchmark(workload.name, configuration: configuration) { benchmark, operation in
      let began = ContinuousClock.now
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { operation() }
      benchmark.stopMeasurement()
      if let bytes = workload.bytes {
        let time = (ContinuousClock.now - began) / .microseconds(1)
        benchmark.measurement(speed, Int(Double(bytes * benchmark.scaledIterations.count) / time))
      }
    } setup: {
      workload.prepare()
    }
  }
}
