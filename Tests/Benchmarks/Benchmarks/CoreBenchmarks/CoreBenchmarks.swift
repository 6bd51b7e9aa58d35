import Benchmark
import Workloads

let benchmarks: @Sendable () -> Void = {
  for workload in Workload.all {
    Benchmark(workload.name, configuration: .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(2))) { benchmark in
      let operation = workload.prepare()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { operation() }
    }
  }
}
