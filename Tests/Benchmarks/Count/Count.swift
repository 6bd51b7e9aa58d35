import Workloads

/// `count` lists the workloads; `count NAME TIMES` does one so often, for a profiler to watch.
@main
struct Count {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first else { return print(Workload.all.map(\.name).joined(separator: "\n")) }
    guard let workload = Workload.all.first(where: { $0.name == name }), let times = arguments.last.flatMap({ Int($0) }) else {
      fatalError("count NAME TIMES; names: \(Workload.all.map(\.name))")
    }
    let operation = workload.prepare()
    for _ in 0..<times { operation() }
  }
}
